// Formats the text of a Markdown field by buttons and keys. What it changes can be undone like typing.

const KEYS = { b: "bold", i: "italic", k: "link" };

export function connect(editor, signal) {
  const area = editor.querySelector("textarea");
  const bar = editor.querySelector("[role=toolbar]");
  bar.addEventListener("click", (event) => {
    const button = event.target.closest("[data-mark]");
    if (button) MARKS[button.dataset.mark](area);
  });
  // A pressed button leaves the focus, and so the selection, where the text is.
  bar.addEventListener("mousedown", (event) => event.preventDefault());
  area.addEventListener("keydown", (event) => {
    const mark = KEYS[event.key.toLowerCase()];
    if (!mark || event.isComposing || event.altKey || event.shiftKey || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    MARKS[mark](area);
  });
  // For the behaviours beside this one.
  editor.insertText = (text, at) => insert(area, text, at, at);
  rove(bar, signal);
}

const MARKS = {
  bold: (area) => wrap(area, "**"),
  italic: (area) => wrap(area, "*"),
  code: (area) => (chosen(area).includes("\n") ? fence(area) : wrap(area, "`")),
  link,
  heading: (area) => lines(area, (all) => all.map(nextHeading)),
  list: (area) => lines(area, (all) => toggle(all, "- ")),
  quote: (area) => lines(area, (all) => toggle(all, "> ")),
};

// Puts text in the place of what is selected, and so that the browser can undo it.
function insert(area, text, start = area.selectionStart, end = area.selectionEnd) {
  area.focus({ preventScroll: true });
  area.setSelectionRange(start, end);
  const done = text ? document.execCommand("insertText", false, text) : start === end || document.execCommand("delete");
  if (done) return;
  area.setRangeText(text, start, end, "end");
  area.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

function chosen(area) {
  return area.value.slice(area.selectionStart, area.selectionEnd);
}

function wrap(area, mark) {
  const { value } = area;
  // Blanks at the ends stay outside: Markdown takes `** word **` for what it says.
  let [start, end] = [area.selectionStart, area.selectionEnd];
  while (start < end && /\s/.test(value[start])) start++;
  while (start < end && /\s/.test(value[end - 1])) end--;
  const text = value.slice(start, end);
  if (isMarked(value, start, end, mark)) {
    insert(area, text, start - mark.length, end + mark.length);
    return area.setSelectionRange(start - mark.length, end - mark.length);
  }
  insert(area, mark + text + mark, start, end);
  area.setSelectionRange(start + mark.length, end + mark.length);
}

// One star beside the words may be half of the two that make them bold.
function isMarked(value, start, end, mark) {
  const letter = mark[0];
  let [before, after] = [0, 0];
  while (value[start - 1 - before] === letter) before++;
  while (value[end + after] === letter) after++;
  const number = Math.min(before, after);
  return mark === "*" ? number === 1 || number === 3 : number >= mark.length;
}

function fence(area) {
  const { selectionStart: start, selectionEnd: end, value } = area;
  const before = start && value[start - 1] !== "\n" ? "\n```\n" : "```\n";
  const text = value.slice(start, end);
  insert(area, `${before}${text}${text.endsWith("\n") ? "" : "\n"}\`\`\`\n`);
  area.setSelectionRange(start + before.length, start + before.length + text.length);
}

function link(area) {
  const { selectionStart: start } = area;
  const text = chosen(area);
  const isAddress = /^(https?:\/\/|mailto:)\S+$/.test(text);
  insert(area, isAddress ? `[](${text})` : `[${text}](https://)`);
  // What is missing comes next: the words, or the address.
  if (isAddress || !text) return area.setSelectionRange(start + 1, start + 1);
  const at = start + text.length + 3;
  area.setSelectionRange(at, at + "https://".length);
}

function lines(area, change) {
  const { value, selectionStart, selectionEnd } = area;
  const start = value.lastIndexOf("\n", selectionStart - 1) + 1;
  const last = selectionEnd > selectionStart && value[selectionEnd - 1] === "\n" ? selectionEnd - 1 : selectionEnd;
  const found = value.indexOf("\n", last);
  const end = found < 0 ? value.length : found;
  const old = value.slice(start, end).split("\n");
  const text = change(old).join("\n");
  insert(area, text, start, end);
  if (old.length > 1) area.setSelectionRange(start, start + text.length);
}

function toggle(all, prefix) {
  const full = all.filter((line) => line.trim());
  if (full.length && full.every((line) => line.startsWith(prefix))) return all.map((line) => line.startsWith(prefix) ? line.slice(prefix.length) : line);
  return all.map((line) => (line.trim() || all.length === 1 ? prefix + line : line));
}

// None, second, third, none: the first is the title's.
function nextHeading(line) {
  const [mark] = line.match(/^#{1,6} +/) ?? [""];
  const rest = line.slice(mark.length);
  return { "": "## ", "## ": "### " }[mark] === undefined ? rest : { "": "## ", "## ": "### " }[mark] + rest;
}

// A toolbar is one stop of the Tab key; arrows go on inside.
function rove(bar, signal) {
  const buttons = [...bar.querySelectorAll("button")];
  bar.addEventListener(
    "keydown",
    (event) => {
      const at = buttons.indexOf(document.activeElement);
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
      if (at < 0 || to === undefined) return;
      event.preventDefault();
      buttons[at].tabIndex = -1;
      const next = buttons[(to + buttons.length) % buttons.length];
      next.tabIndex = 0;
      next.focus();
    },
    { signal },
  );
}
