// What operators tell everybody. Presence and the check before a save hear of it while a page is open; while nothing can
// be saved this asks by itself, so that the buttons are there again as soon as something can.

const EVERY = 10_000;

export function connect(element, signal) {
  new Banner(element, signal);
}

class Banner {
  constructor(element, signal) {
    Object.assign(this, { element, signal, timer: 0, url: element.dataset.sessionUrl });
    this.notice = element.querySelector("[data-banner=notice]");
    this.held = element.querySelector("[data-banner=read-only]");
    this.notice.querySelector("[data-put-away]").addEventListener("click", () => this.putAway());
    document.addEventListener("standing", ({ detail }) => this.show(detail), { signal });
    document.addEventListener("visibilitychange", () => this.later(), { signal });
    addEventListener("pageshow", (event) => event.persisted && this.ask(), { signal });
    signal.addEventListener("abort", () => clearTimeout(this.timer));
    if (!this.held.hidden) this.hold();
  }

  // A person who is signed out is told nothing, and nothing is taken for its end.
  show({ notice, read_only: held }) {
    if (notice === undefined) return;
    const isShown = Boolean(notice) && notice.id !== putAway();
    if (isShown && notice.id !== this.notice.dataset.id) {
      say(this.notice, notice.message);
      this.notice.classList.toggle("banner-warning", notice.level === "warning");
      this.notice.classList.toggle("banner-info", notice.level !== "warning");
    }
    this.notice.dataset.id = isShown ? notice.id : "";
    this.notice.hidden = !isShown;
    if (held) say(this.held, held);
    this.held.hidden = !held;
    this.hold();
  }

  // The browser forgets it when it is closed; the server leaves it out of the pages until then.
  putAway() {
    document.cookie = `notice=${this.notice.dataset.id}; path=/; samesite=lax`;
    this.notice.hidden = true;
    document.getElementById("main")?.focus({ preventScroll: true });
  }

  // Buttons that send something say why they cannot; what was typed stays, and so does its draft.
  hold() {
    const reason = this.held.querySelector("strong").textContent;
    for (const button of document.querySelectorAll("main form[method=post] [type=submit]")) {
      if (!this.held.hidden && !button.disabled) Object.assign(button, { disabled: true, title: reason }).dataset.held = "";
      else if (this.held.hidden && "held" in button.dataset) {
        delete button.dataset.held;
        Object.assign(button, { disabled: false, title: "" });
      }
    }
    this.later();
  }

  later() {
    clearTimeout(this.timer);
    if (!this.held.hidden && !document.hidden) this.timer = setTimeout(() => this.ask(), EVERY);
  }

  async ask() {
    const options = { headers: { "X-Requested-With": "fetch", Accept: "application/json" }, cache: "no-store", signal: this.signal };
    const answer = await fetch(this.url, options).catch(() => null);
    const state = answer?.ok ? await answer.json().catch(() => null) : null;
    if (this.signal.aborted) return;
    if (state) this.show(state);
    this.later();
  }
}

function say(banner, words) {
  const place = banner.querySelector("[data-message]");
  if (place.textContent !== words) place.textContent = words;
}

function putAway() {
  return /(?:^|; )notice=([^;]*)/.exec(document.cookie)?.[1];
}
