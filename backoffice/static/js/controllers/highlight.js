// Marks what was searched for inside the cells, without touching the document.

export function connect(element) {
  const sought = element.dataset.highlight?.trim().toLowerCase();
  if (!sought || !CSS.highlights) return;
  const ranges = [];
  for (const cell of element.querySelectorAll(".records td")) {
    const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) ranges.push(...matches(walker.currentNode, sought));
  }
  CSS.highlights.set("found", new Highlight(...ranges));
}

function* matches(node, sought) {
  const text = node.data.toLowerCase();
  // Lower case may be longer than the text itself; positions would not fit then.
  if (text.length !== node.length) return;
  for (let at = text.indexOf(sought); at >= 0; at = text.indexOf(sought, at + sought.length)) {
    const range = new Range();
    range.setStart(node, at);
    range.setEnd(node, at + sought.length);
    yield range;
  }
}
