// Gives a text the whole window: F8 or the button, Esc leaves. Nothing of it is remembered.

export function connect(editor, signal) {
  const button = editor.querySelector("[data-full]");
  const area = editor.querySelector("textarea");
  const title = button.title;
  let behind = [];

  const isFull = () => "full" in editor.dataset;

  function turn(on) {
    if (on === isFull()) return;
    const had = document.activeElement;
    // The place in the text stays, though its lines break elsewhere.
    const [start, end, direction] = [area.selectionStart, area.selectionEnd, area.selectionDirection];
    if (on) behind = others(editor);
    // Nothing behind the window can be reached by Tab or be read out.
    for (const element of behind) element.inert = on;
    editor.toggleAttribute("data-full", on);
    button.setAttribute("aria-pressed", String(on));
    button.title = on ? button.dataset.textLeave : title;
    area.setSelectionRange(start, end, direction);
    if (editor.dataset.tab !== "preview" || matchMedia("(min-width: 992px)").matches) area.focus({ preventScroll: on });
    else had?.focus();
    if (!on) editor.scrollIntoView({ block: "nearest" });
  }

  button.addEventListener("click", () => turn(!isFull()));
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.isComposing) return;
      if (event.key === "F8" && (isFull() || editor.closest("form").contains(document.activeElement))) turn(!isFull());
      else if (event.key === "Escape" && isFull()) turn(false);
      else return;
      event.preventDefault();
    },
    { signal },
  );
  editor.querySelector("[data-save-here]").addEventListener("click", () => {
    const { form } = area;
    // A window that covers the page would cover what is wrong, too.
    form.requestSubmit(form.querySelector("[name=_continue_editing]") ?? form.querySelector("[data-save]"));
  });
  // Whoever comes back through the history finds the page as it was made.
  addEventListener("pagehide", () => turn(false), { signal });
  signal.addEventListener("abort", () => turn(false));
}

// Everything beside the way from the element up to the page, but what tells of events.
function others(element) {
  const found = [];
  for (let at = element; at !== document.body; at = at.parentElement)
    found.push(...[...at.parentElement.children].filter((other) => other !== at && !other.inert && !other.matches(".toasts, script")));
  return found;
}
