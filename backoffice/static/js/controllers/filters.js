// Shows the form of one column at a time, and the input that its comparison asks for.

export function connect(filter) {
  const panel = filter.querySelector(".filter-panel");
  const chooser = panel.querySelector("[data-columns]");
  const column = chooser.querySelector("select");
  const forms = [...panel.querySelectorAll("form[data-column]")];

  chooser.hidden = false;
  panel.classList.add("by-column");
  const showColumn = () => forms.forEach((form) => (form.hidden = form.dataset.column !== column.value));
  column.addEventListener("change", showColumn);
  showColumn();
  forms.forEach(connectForm);
}

function connectForm(form) {
  const operator = form.elements.filter_operator;
  const slot = form.querySelector("[data-operand]");
  let shown = null;

  const showOperand = () => {
    const kind = operator.selectedOptions[0]?.dataset.value;
    if (kind === shown) return;
    shown = kind;
    const template = form.querySelector(`template[data-value="${kind}"]`);
    slot.replaceChildren(...(template ? [template.content.cloneNode(true)] : []));
  };
  operator.addEventListener("change", showOperand);
  showOperand();
}
