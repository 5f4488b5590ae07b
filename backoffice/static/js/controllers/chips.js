// Several records in one picker: each that is chosen becomes a chip, and the picker is ready for the next.
// A list that is pasted goes to the page that recognises lists.

export function connect(form) {
  const list = form.querySelector(".chip-list");
  const status = form.querySelector(":scope > [role=status]");
  const text = form.dataset;
  const box = () => form.querySelector("[role=combobox]");
  const inputs = () => [...list.querySelectorAll("input")];
  const say = (words, record) => (status.textContent = words.replace("{record}", record).replace("{count}", inputs().length));

  const remove = (chip) => {
    const label = chip.querySelector(".chip-label").textContent;
    chip.remove();
    list.hidden = !list.children.length;
    say(text.textRemoved, label);
    box().focus();
  };
  const add = (id, label) => {
    if (inputs().some((input) => input.value === id)) return say(text.textAgain, label);
    const chip = make("li", { className: "chip" });
    const button = make("button", { type: "button", className: "chip-remove", textContent: "×", ariaLabel: text.textRemove.replace("{record}", label) });
    button.addEventListener("click", () => remove(chip));
    chip.append(make("span", { className: "chip-label", textContent: label }), make("input", { type: "hidden", name: "related", value: id }), button);
    list.append(chip);
    list.hidden = false;
    say(text.textAdded, label);
  };

  // The picker says so when a record is chosen; then it is emptied.
  form.addEventListener("change", (event) => {
    if (event.target.name !== "related" || !event.target.value) return;
    add(event.target.value, box().value);
    event.target.closest(".picker").dispatchEvent(new CustomEvent("choose", { detail: { id: "", label: "" } }));
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Backspace" && event.target === box() && !event.target.value && list.lastElementChild) remove(list.lastElementChild);
  });
  form.addEventListener("paste", (event) => {
    const pasted = event.clipboardData?.getData("text/plain").trim() ?? "";
    if (event.target !== box() || !text.listUrl || !/[\r\n]/.test(pasted)) return;
    event.preventDefault();
    const chosen = inputs().map((input) => input.value);
    const sent = make("input", { type: "hidden", name: "texts", value: [...chosen, pasted].join("\n") });
    const button = make("button", { type: "submit", hidden: true, formAction: text.listUrl });
    form.append(sent, button);
    form.requestSubmit(button);
    // Who comes back finds the form as it was.
    sent.remove();
    button.remove();
  });
}

function make(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}
