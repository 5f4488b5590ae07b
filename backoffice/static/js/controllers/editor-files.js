// Takes pictures and files into a Markdown text: by a button, dropped on it, or pasted. Each goes up by itself, and what
// leads to it is put where the caret stood, wherever somebody writes on meanwhile.

export function connect(editor, signal) {
  const area = editor.querySelector("textarea");
  const going = new Set();

  const take = (files, at = area.selectionStart) => {
    // One place for all of them: they come one after the other.
    const place = { at };
    for (const file of files) send(file, place);
  };

  editor.addEventListener("click", (event) => {
    const button = event.target.closest("[data-pick]");
    if (button) pick(button.dataset.pick, take);
  });
  area.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    // Programs put a picture of the words beside them: the words are meant.
    if (!files.length || event.clipboardData.types.includes("text/plain")) return;
    event.preventDefault();
    take(files);
  });
  watchDrops(editor, take);
  // What is typed before a place moves it.
  let before = area.value;
  area.addEventListener("input", () => {
    if (going.size) shift(going, before, area.value);
    before = area.value;
  });
  guard(editor, going, signal);

  async function send(file, place) {
    const line = new Line(editor, file.name);
    if (file.size > Number(editor.dataset.uploadMost)) return line.fail(editor.dataset.textTooLarge.replace("{name}", file.name));
    const task = { place, request: new XMLHttpRequest() };
    going.add(task);
    // Only the place of what is still on its way has to move.
    before = area.value;
    const answer = await upload(task.request, editor, area, file, line);
    going.delete(task);
    if (!answer) return line.remove();
    if (answer.markdown === undefined) return line.fail(answer.error ? `${file.name}: ${answer.error}` : editor.dataset.textUploadFailed.replace("{name}", file.name));
    put(editor, area, place, answer.markdown);
    line.remove();
    say(editor, editor.dataset.textArrived.replace("{name}", file.name));
  }
}

function pick(accept, take) {
  const input = Object.assign(document.createElement("input"), { type: "file", multiple: true, accept });
  input.addEventListener("change", () => take([...input.files]));
  input.click();
}

function watchDrops(editor, take) {
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  editor.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    editor.dataset.over = "";
  });
  editor.addEventListener("dragleave", (event) => editor.contains(event.relatedTarget) || delete editor.dataset.over);
  editor.addEventListener("drop", (event) => {
    delete editor.dataset.over;
    if (!hasFiles(event)) return;
    event.preventDefault();
    const caret = document.caretPositionFromPoint?.(event.clientX, event.clientY);
    const isInText = caret?.offsetNode === editor.querySelector("textarea");
    take([...event.dataTransfer.files], isInText ? caret.offset : undefined);
  });
}

// Nothing half done is saved or lost unasked.
function guard(editor, going, signal) {
  const { form } = editor.querySelector("textarea");
  form.addEventListener(
    "submit",
    (event) => {
      if (!going.size) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      say(editor, editor.dataset.textWait);
    },
    { capture: true, signal },
  );
  addEventListener("beforeunload", (event) => going.size && event.preventDefault(), { signal });
  signal.addEventListener("abort", () => going.forEach(({ request }) => request.abort()));
}

// Unlike fetch it tells how much has gone. What the server answered; nothing where somebody has cancelled it.
function upload(request, editor, area, file, line) {
  const body = new FormData();
  body.append("csrf_token", area.form.elements.csrf_token.value);
  body.append("file", file);
  return new Promise((resolve) => {
    request.open("POST", editor.dataset.uploadUrl);
    request.setRequestHeader("X-Requested-With", "fetch");
    request.upload.addEventListener("progress", (event) => event.lengthComputable && line.progress(event.loaded / event.total));
    request.addEventListener("load", () => resolve(parsed(request.responseText)));
    request.addEventListener("error", () => resolve({}));
    request.addEventListener("abort", () => resolve(null));
    line.cancel(() => request.abort());
    request.send(body);
  });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function shift(going, before, now) {
  let same = 0;
  while (same < before.length && before[same] === now[same]) same++;
  for (const place of new Set([...going].map((task) => task.place))) if (same < place.at) place.at = Math.max(same, place.at + now.length - before.length);
}

// The caret, and the focus, stay with whoever writes on elsewhere.
function put(editor, area, place, markdown) {
  const [start, end, had] = [area.selectionStart, area.selectionEnd, document.activeElement];
  const at = Math.min(place.at, area.value.length);
  const isStart = at === 0 || area.value[at - 1] === "\n";
  const text = (isStart || !markdown.startsWith("!") ? "" : "\n\n") + markdown + (markdown.startsWith("!") ? "\n" : " ");
  editor.insertText(text, at);
  place.at = at + text.length;
  const moved = (offset) => (offset >= at ? offset + text.length : offset);
  area.setSelectionRange(moved(start), moved(end));
  if (had && had !== area && had !== document.body) had.focus({ preventScroll: true });
}

function say(editor, words) {
  const status = editor.querySelector(".editor-status");
  status.classList.remove("is-wrong");
  status.textContent = words;
}

// One file: its name, how far it is, and what went wrong, until that has been read.
class Line {
  constructor(editor, name) {
    this.editor = editor;
    this.item = document.createElement("li");
    this.name = Object.assign(document.createElement("span"), { className: "name", textContent: name });
    this.bar = Object.assign(document.createElement("progress"), { max: 1, value: 0 });
    this.bar.setAttribute("aria-label", name);
    this.button = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-plain", textContent: editor.dataset.textCancel });
    this.item.append(this.name, this.bar, this.button);
    editor.querySelector(".editor-files").append(this.item);
  }

  progress(part) {
    this.bar.value = part;
  }

  cancel(act) {
    this.button.onclick = act;
  }

  fail(words) {
    this.bar.remove();
    this.name.setAttribute("role", "alert");
    this.name.classList.add("is-wrong");
    this.name.textContent = words;
    this.button.textContent = this.editor.dataset.textDismiss;
    this.button.onclick = () => this.remove();
  }

  remove() {
    this.item.remove();
  }
}
