// Orders the columns by buttons and by dragging; the numbers that say the order without a script follow.

export function connect(form) {
  const list = form.querySelector(".arrange-rows");
  const said = form.querySelector("[data-said]");
  let dragged = null;
  list.dataset.scripted = "";

  const nameOf = (row) => row.querySelector("label").textContent.trim();
  const number = () => [...list.children].forEach((row, index) => (row.querySelector("[type=number]").value = index + 1));
  const say = (row) => {
    const words = { column: nameOf(row), place: [...list.children].indexOf(row) + 1, count: list.children.length };
    said.textContent = form.dataset.textMoved.replace(/{(\w+)}/g, (_all, name) => words[name]);
  };
  const move = (row, step, button) => {
    const other = step < 0 ? row.previousElementSibling : row.nextElementSibling;
    if (!other) return;
    if (step < 0) other.before(row);
    else other.after(row);
    number();
    say(row);
    button.focus();
  };

  for (const row of list.children) {
    row.draggable = true;
    row.append(makeButton(form.dataset.textUp, nameOf(row), "up", (button) => move(row, -1, button)));
    row.append(makeButton(form.dataset.textDown, nameOf(row), "down", (button) => move(row, 1, button)));
  }

  list.addEventListener("dragstart", (event) => {
    dragged = event.target.closest("li");
    dragged.dataset.dragged = "";
    event.dataTransfer.effectAllowed = "move";
  });
  list.addEventListener("dragover", (event) => {
    const row = event.target.closest("li");
    if (!dragged || !row) return;
    event.preventDefault();
    if (row === dragged) return;
    const box = row.getBoundingClientRect();
    if (event.clientY < box.top + box.height / 2) row.before(dragged);
    else row.after(dragged);
  });
  list.addEventListener("drop", (event) => event.preventDefault());
  list.addEventListener("dragend", () => {
    delete dragged.dataset.dragged;
    number();
    say(dragged);
    dragged = null;
  });
}

function makeButton(text, column, direction, act) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = `btn btn-icon arrange-${direction}`;
  button.setAttribute("aria-label", text.replace("{column}", () => column));
  button.addEventListener("click", () => act(button));
  return button;
}
