// Shows a Markdown text as readers see it, while it is written: the server renders it, so that both are the same.

const PAUSE = 300;
const WIDE = matchMedia("(min-width: 992px)");

export function connect(editor, signal) {
  const area = editor.querySelector("textarea");
  const pane = editor.querySelector(".editor-preview");
  const status = editor.querySelector(".editor-status");
  const most = Number(editor.dataset.previewMost);
  let timer = 0;
  let asking = null;
  let shown = null;

  const isVisible = () => WIDE.matches || editor.dataset.tab === "preview";
  const later = (event) => {
    // Letters that an input method is still choosing among are no text yet.
    if (event?.isComposing) return;
    clearTimeout(timer);
    timer = setTimeout(refresh, PAUSE);
  };

  async function refresh() {
    if (!isVisible()) return;
    // One more than are rendered tells the server that there are more.
    const text = area.value.slice(0, most + 1);
    if (text === shown) return;
    asking?.abort();
    const mine = (asking = new AbortController());
    pane.setAttribute("aria-busy", "true");
    const body = new URLSearchParams({ text, csrf_token: area.form.elements.csrf_token.value });
    const answer = await ask(editor.dataset.previewUrl, body, mine.signal);
    // A later question has taken its place.
    if (mine.signal.aborted) return;
    pane.removeAttribute("aria-busy");
    const failed = answer?.html === undefined;
    tell(status, failed ? answer?.error ?? editor.dataset.textPreviewFailed : "");
    if (failed) return;
    shown = text;
    put(answer);
  }

  function put({ html, note }) {
    pane.innerHTML = html;
    if (note) pane.append(Object.assign(document.createElement("p"), { className: "editor-note", textContent: note }));
    follow();
  }

  // The preview stands where the text stands, in proportion.
  function follow() {
    const room = area.scrollHeight - area.clientHeight;
    if (room > 0 && area.offsetParent) pane.scrollTop = (area.scrollTop / room) * (pane.scrollHeight - pane.clientHeight);
  }

  function open(tab) {
    editor.dataset.tab = tab;
    for (const button of editor.querySelectorAll("[data-tab][aria-pressed]")) button.setAttribute("aria-pressed", String(button.dataset.tab === tab));
    if (tab === "write") area.focus();
    else refresh();
  }

  area.addEventListener("input", later);
  area.addEventListener("compositionend", later);
  area.addEventListener("scroll", follow, { passive: true });
  // A picture changes how long the preview is once it has come.
  pane.addEventListener("load", follow, { capture: true });
  editor.addEventListener("click", (event) => event.target.closest("button[data-tab]") && open(event.target.closest("button[data-tab]").dataset.tab));
  WIDE.addEventListener("change", refresh, { signal });
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    asking?.abort();
  });
  // What the form was refused with, or what the browser has kept of it, comes a moment after the page.
  addEventListener("pageshow", later, { signal });
  refresh();
}

async function ask(url, body, signal) {
  try {
    const response = await fetch(url, { method: "POST", body, signal, headers: { "X-Requested-With": "fetch" } });
    return await response.json();
  } catch {
    return null;
  }
}

// What others have said there stays while the preview has nothing to complain of.
function tell(status, words) {
  if (!words && !status.classList.contains("is-wrong")) return;
  status.textContent = words;
  status.classList.toggle("is-wrong", Boolean(words));
}
