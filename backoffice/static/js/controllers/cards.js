// Where the screen is narrow the rows stand as cards: each cell then needs its column's name, and screen readers need
// the roles that such a layout takes from a table.

const narrow = matchMedia("(max-width: 640px)");

export function connect(table, signal) {
  const prepare = () => narrow.matches && !table.role && makeCards(table);
  narrow.addEventListener("change", prepare, { signal });
  prepare();
}

function makeCards(table) {
  const labels = [...table.tHead.rows[0].cells].map((head) => ("name" in head.dataset ? named(head) : ""));
  table.role = "table";
  for (const group of [table.tHead, ...table.tBodies]) {
    group.role = "rowgroup";
    for (const row of group.rows) {
      row.role = "row";
      for (const cell of row.cells) {
        cell.role = cell.tagName === "TH" ? "columnheader" : "cell";
        if (labels[cell.cellIndex]) cell.dataset.label = labels[cell.cellIndex];
      }
    }
  }
}

// Without the number that says which column of several the rows are sorted by.
function named(head) {
  return (head.querySelector(".sort") ?? head).firstChild.textContent.trim();
}
