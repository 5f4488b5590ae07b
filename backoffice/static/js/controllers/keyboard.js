// Works a list by keys; the sheet behind `?` names them. Nothing happens while somebody types.

export function connect(list, signal) {
  const rows = () => [...list.querySelectorAll(".records tbody tr")];
  const current = () => list.querySelector("tr[data-at]");
  const click = (selector, root = list) => root?.querySelector(selector)?.click();

  const move = (step) => {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(current());
    const next = all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + step))];
    current()?.removeAttribute("data-at");
    next.setAttribute("data-at", "");
    next.scrollIntoView({ block: "nearest" });
    (next.querySelector(".record-link") ?? next.querySelector("td a, input"))?.focus({ preventScroll: true });
  };
  // A click with Shift ticks everything from the row ticked last.
  const stretch = () =>
    current()?.querySelector("input[name=rowid]")?.dispatchEvent(new MouseEvent("click", { shiftKey: true, bubbles: true, cancelable: true }));

  const keys = {
    j: () => move(1),
    k: () => move(-1),
    x: () => click("input[name=rowid]", current()),
    X: stretch,
    a: () => click("[data-tick-all]"),
    e: () => click(".edit", current()),
    Enter: () => click(".record-link, td a", current()),
    c: () => click("[data-new]"),
    n: () => click("a[rel=next]"),
    p: () => click("a[rel=prev]"),
    f: () => click("[data-filter]"),
    "/": () => {
      list.querySelector("input[type=search]")?.focus();
      list.querySelector("input[type=search]")?.select();
    },
  };

  document.addEventListener(
    "keydown",
    (event) => {
      const act = keys[event.key];
      if (!act || event.isComposing || hasModifier(event) || isBusy(event.target, event.key)) return;
      event.preventDefault();
      act();
    },
    { signal },
  );
  // The pointer and the keys mean the same row.
  list.addEventListener("focusin", (event) => {
    const row = event.target.closest("tbody tr[data-pk]");
    if (!row || row.hasAttribute("data-at")) return;
    current()?.removeAttribute("data-at");
    row.setAttribute("data-at", "");
  });
}

// Shift belongs to the letters that ask for it.
function hasModifier(event) {
  return event.ctrlKey || event.metaKey || event.altKey || (event.shiftKey && event.key !== "X" && event.key !== "/");
}

// Enter belongs to whatever has the focus; letters belong to whoever types them.
function isBusy(target, key) {
  if (document.querySelector("dialog[open], [popover]:popover-open:not([role=alert])")) return true;
  if (target.closest("select, textarea, [contenteditable], input:not([type=checkbox]):not([type=radio])")) return true;
  return key === "Enter" && target.closest("a, button, summary, label") !== null;
}
