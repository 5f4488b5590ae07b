// Goes to the record before or after this one by keys: k or [ and j or ]. Nothing happens while somebody types.

const WAYS = { k: "prev", "[": "prev", j: "next", "]": "next" };

export function connect(steps, signal) {
  document.addEventListener("keydown", (event) => {
    // Some keyboards reach the brackets with AltGr, which browsers tell as Ctrl and Alt together.
    const isPlain = !event.metaKey && event.ctrlKey === event.altKey;
    if (!(event.key in WAYS) || !isPlain || event.isComposing || isBusy(event.target)) return;
    const link = steps.querySelector(`a[rel=${WAYS[event.key]}]`);
    if (!link) return;
    event.preventDefault();
    link.click();
  }, { signal });
}

function isBusy(target) {
  if (document.querySelector("dialog[open], [popover]:popover-open:not([role=alert])")) return true;
  return target.closest("select, textarea, [contenteditable], input:not([type=checkbox]):not([type=radio])") !== null;
}
