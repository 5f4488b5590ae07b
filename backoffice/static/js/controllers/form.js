// Guards what was typed: asks before leaving with unsaved changes; Ctrl/Cmd-Enter saves.

export function connect(form, signal) {
  const before = contents(form);
  let sent = false;
  const isDirty = () => !sent && ("changed" in form.dataset || contents(form) !== before);

  if ("fresh" in form.dataset) form.querySelector(".field :is(input:not([type=hidden]), select, textarea)")?.focus({ preventScroll: true });
  form.addEventListener("submit", () => (sent = true));
  addEventListener("pageshow", () => (sent = false), { signal });
  addEventListener("beforeunload", (event) => isDirty() && event.preventDefault(), { signal });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit(form.querySelector("[data-save]"));
    }
  });
}

function contents(form) {
  const pairs = [...new FormData(form)].map(([name, value]) => [name, value instanceof File ? value.name : value]);
  return JSON.stringify(pairs);
}
