// Opens the cells of a list to be edited where they stand: double click, F2, or the pencil, and from one to the next.
// The behaviour `cell-editor` comes first on the same element, and does what follows.

export function connect(table, signal) {
  const heads = [...table.tHead.rows[0].cells];
  const editable = (cell) => cell?.tagName === "TD" && "editable" in (heads[cell.cellIndex]?.dataset ?? {}) && cell;
  const pencil = Object.assign(document.createElement("button"), { type: "button", className: "cell-pencil" });
  let editor = null;
  let opening = null;

  // One at a time: a cell that is opened later takes over, and the same one again is not opened twice.
  const open = async (cell, byTab = false) => {
    if (cell === opening || (cell === editor?.cell && editor.saving)) return;
    opening = cell;
    try {
      const isLeft = !editor || (await editor.leave());
      if (!isLeft || cell !== opening || signal.aborted) return;
      editor = table.editorOf(heads, cell, { neighbour, goOn });
      await editor.open(byTab);
    } finally {
      if (cell === opening) opening = null;
    }
  };
  const cells = () => [...table.tBodies[0].rows].flatMap((row) => [...row.cells].filter(editable));
  // The next cell or the one before, if there is one.
  const neighbour = (cell, step) => {
    const all = cells();
    return all[all.indexOf(cell) + step];
  };
  // To that one; without it the cell itself has the focus again.
  const goOn = (cell, next) => (next ? open(next, true) : focus(cell));
  const offer = (event) => {
    const cell = editable(event.target.closest("td"));
    if (!cell || cell.contains(pencil) || pencil === document.activeElement) return;
    const words = table.dataset.textEdit.replace("{column}", () => named(heads[cell.cellIndex]));
    cell.append(Object.assign(pencil, { title: words, ariaLabel: words }));
  };

  table.addEventListener("pointerover", offer);
  table.addEventListener("focusin", offer);
  pencil.addEventListener("click", (event) => {
    event.preventDefault();
    open(pencil.closest("td"));
  });
  // A cell takes the focus only once somebody means it: a list is not made of a hundred stops for Tab.
  table.addEventListener("pointerdown", (event) => {
    const cell = editable(event.target);
    if (cell) cell.tabIndex = -1;
  });
  table.addEventListener("dblclick", (event) => {
    const cell = editable(event.target.closest("td"));
    if (cell && !event.target.closest("a, button, label")) open(cell);
  });
  table.addEventListener("keydown", (event) => {
    const cell = event.target.closest("tbody td");
    if (!cell || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const row = [...cell.parentElement.cells].filter(editable);
    if (event.key === "F2" && row.length) open(editable(cell) || row[0]);
    else if (event.key === "Enter" && editable(event.target)) open(cell);
    else if (step && row.length) focus(row.filter((other) => (other.cellIndex - cell.cellIndex) * step > 0).at(step > 0 ? 0 : -1) ?? cell);
    else return;
    event.preventDefault();
    // Enter opens a row as well.
    event.stopPropagation();
  });
  table.closest(".list-page")?.addEventListener("leaving", (event) => editor?.isDirty && event.preventDefault(), { signal });
  signal.addEventListener("abort", () => editor?.close());
}

// Without the number that says which column of several the rows are sorted by.
function named(head) {
  return (head.querySelector(".sort") ?? head).firstChild.textContent.trim();
}

function focus(cell) {
  cell.tabIndex = -1;
  cell.focus();
}
