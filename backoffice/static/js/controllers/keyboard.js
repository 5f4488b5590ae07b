// Moves through a list by keys: j k x Enter e c and /. Nothing happens while somebody types.

export function connect(list) {
  const rows = () => [...list.querySelectorAll(".records tbody tr")];
  const current = () => list.querySelector("tr[data-at]");

  const move = (step) => {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(current());
    const next = all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + step))];
    current()?.removeAttribute("data-at");
    next.setAttribute("data-at", "");
    next.scrollIntoView({ block: "nearest" });
    next.querySelector(".record-link, td a, input")?.focus({ preventScroll: true });
  };
  const open = (selector) => current()?.querySelector(selector)?.click();
  const keys = {
    j: () => move(1),
    k: () => move(-1),
    x: () => open("input[name=rowid]"),
    e: () => open(".row-edit"),
    Enter: () => open(".record-link, td a"),
    c: () => list.querySelector("[data-new]")?.click(),
    "/": () => list.querySelector("input[type=search]")?.select() ?? list.querySelector("input[type=search]")?.focus(),
  };

  document.addEventListener("keydown", (event) => {
    const act = keys[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey || isBusy(event.target, event.key)) return;
    event.preventDefault();
    act();
  });
}

// Enter belongs to whatever has the focus; letters belong to whoever types them.
function isBusy(target, key) {
  if (document.querySelector("dialog[open]")) return true;
  if (target.closest("select, textarea, [contenteditable], input:not([type=checkbox]):not([type=radio])")) return true;
  return key === "Enter" && target.closest("a, button, summary") !== null;
}
