// Marks what was searched for inside the cells, each word by itself, without touching the document.

export function connect(element) {
  const words = element.dataset.highlight?.toLowerCase().split(/\s+/).filter(Boolean) ?? [];
  if (!words.length || !CSS.highlights) return;
  const ranges = [];
  for (const cell of element.querySelectorAll(".records td")) {
    const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) for (const word of words) ranges.push(...matches(walker.currentNode, word));
  }
  CSS.highlights.set("found", new Highlight(...ranges));
}

function* matches(node, word) {
  const text = node.data.toLowerCase();
  // Lower case may be longer than the text itself; positions would not fit then.
  if (text.length !== node.length) return;
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
    const range = new Range();
    range.setStart(node, at);
    range.setEnd(node, at + word.length);
    yield range;
  }
}
