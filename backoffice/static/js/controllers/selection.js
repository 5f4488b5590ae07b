// Counts the ticked rows and shows what can be done with them; Shift ticks a whole stretch.

export function connect(form, signal) {
  const bar = form.querySelector(".selection");
  const count = bar.querySelector(".selection-count");
  const all = form.querySelector("[data-tick-all]");
  // Asked for each time: a row may leave the list.
  const boxes = () => [...form.querySelectorAll("input[name=rowid]")];
  const everything = form.querySelector("input[name=all]");
  let anchor = null;

  const show = () => {
    const known = boxes();
    const ticked = known.filter((box) => box.checked).length;
    bar.toggleAttribute("data-open", ticked > 0);
    // All that match are offered once all of the page are ticked, and never stay chosen behind fewer.
    if (everything) {
      const whole = ticked > 0 && ticked === known.length;
      everything.closest("label").hidden = !whole;
      if (!whole) everything.checked = false;
      bar.toggleAttribute("data-all", everything.checked);
    }
    if (ticked) count.textContent = count.dataset.text.replace("{count}", ticked.toLocaleString(document.documentElement.lang));
    all.checked = ticked > 0 && ticked === known.length;
    all.indeterminate = ticked > 0 && ticked < known.length;
  };
  const tick = (some, checked) => {
    some.forEach((box) => (box.checked = checked));
    show();
  };

  all.addEventListener("change", () => tick(boxes(), all.checked));
  bar.querySelector("[data-untick]").addEventListener("click", () => {
    tick(boxes(), false);
    all.focus();
  });
  form.addEventListener("click", (event) => {
    const known = boxes();
    const at = known.indexOf(event.target);
    if (at < 0) return;
    if (event.shiftKey && anchor !== null) tick(known.slice(Math.min(at, anchor), Math.max(at, anchor) + 1), event.target.checked);
    anchor = at;
  });
  form.addEventListener("change", show);
  // Enter in a tick box would press the first button, which may be a grave one.
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("input")) event.preventDefault();
  });
  addEventListener("pageshow", show, { signal });
  show();
}
