// What operators tell everybody, on a page that is open. Presence and the check before a save hear of it; while nothing
// can be saved this asks by itself, so that the buttons come back.

const EVERY = 10_000;

export function connect(element, signal) {
  const notice = element.querySelector("[data-banner=notice]");
  const held = element.querySelector("[data-banner=read-only]");
  const isHeld = () => !held.hidden;
  let timer = 0;

  function show(state) {
    // Who is signed out is told nothing, and nothing is over by that.
    if (state.notice === undefined) return;
    const { id = "", level = "info", message } = state.notice ?? {};
    if (id !== notice.dataset.id) {
      notice.dataset.id = id;
      notice.className = `banner banner-${level}`;
      notice.hidden = !id || document.cookie.includes(`notice=${id}`);
      say(notice, message);
    }
    held.hidden = !state.read_only;
    say(held, state.read_only);
    hold();
  }

  function say(banner, words = "") {
    const place = banner.querySelector("[data-message]");
    if (words && place.textContent !== words) place.textContent = words;
  }

  // What was typed stays, and so does its draft.
  function hold() {
    for (const words of document.querySelectorAll("[data-held-words]")) words.hidden = !isHeld();
    for (const button of document.querySelectorAll("main form[method=post] [type=submit]")) {
      const wasHeld = "held" in button.dataset;
      if (wasHeld === isHeld() || (button.disabled && !wasHeld)) continue;
      button.disabled = button.toggleAttribute("data-held", isHeld());
      button.title = isHeld() ? held.querySelector("strong").textContent : "";
    }
    clearTimeout(timer);
    if (isHeld()) timer = setTimeout(ask, EVERY);
  }

  async function ask() {
    const answer = document.hidden ? null : await fetch(element.dataset.sessionUrl, { headers: { "X-Requested-With": "fetch" }, signal }).catch(() => null);
    const state = answer?.ok ? await answer.json() : {};
    if (signal.aborted) return;
    show(state);
    hold();
  }

  // The browser forgets it when it is closed; until then the server leaves it out.
  notice.querySelector("button").addEventListener("click", () => {
    document.cookie = `notice=${notice.dataset.id}; path=/; samesite=lax`;
    notice.hidden = true;
    document.getElementById("main").focus({ preventScroll: true });
  });
  document.addEventListener("standing", ({ detail }) => show(detail), { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
  if (isHeld()) hold();
}
