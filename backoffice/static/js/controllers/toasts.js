// Lets notices be heard, closed, and leave by themselves after six seconds, unless something is wrong.

const SECONDS = 6;
// What can be undone is thought about a little longer.
const SECONDS_TO_UNDO = 12;

export function connect(region) {
  const list = region.querySelector(".toasts-list");
  // A live region speaks of what is added to it, not of what it was born with.
  const notes = [...list.children];
  list.replaceChildren();
  requestAnimationFrame(() => notes.forEach((note) => list.append(note)));
  notes.filter((note) => "passing" in note.dataset).forEach(passAway);
  // A script of the page has something to say.
  region.addEventListener("note", ({ detail: note }) => {
    list.append(note);
    passAway(note);
  });
  region.addEventListener("click", (event) => {
    if (event.target.closest("[data-dismiss]")) leave(event.target.closest(".toast-note"));
  });
}

// The clock stands still while somebody reads it with the pointer or the focus on it.
function passAway(note) {
  let timer = 0;
  const stop = () => clearTimeout(timer);
  const start = () => {
    stop();
    if (!note.matches(":hover, :focus-within")) timer = setTimeout(() => leave(note), (note.querySelector("form") ? SECONDS_TO_UNDO : SECONDS) * 1000);
  };
  note.addEventListener("pointerenter", stop);
  note.addEventListener("focusin", stop);
  note.addEventListener("pointerleave", start);
  note.addEventListener("focusout", start);
  start();
}

function leave(note) {
  note.dataset.leaving = "";
  if (note.contains(document.activeElement)) document.getElementById("main")?.focus({ preventScroll: true });
  setTimeout(() => note.remove(), 180);
}
