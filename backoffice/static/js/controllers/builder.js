// The tree of a filter as something to edit: groups within groups, conditions with inputs that fit their column.
// The behaviour `operands` comes first on the same element. The element's `told` describes the columns; its `read()` gives the tree as the address has it, or what is wrong.

export function connect(tree) {
  const builder = new Builder(tree.told, tree.operands);
  tree.append(builder.draw(tree.told.where));
  tree.read = () => builder.read();
  tree.addEventListener("opened", (event) => builder.focus(event.detail));
  tree.addEventListener("clear", () => builder.clear());
  builder.focus(tree.opened);
}

// What stands before a group's conditions, and the filter it makes of them.
const MATCHES = {
  all: (items) => ({ all: items }),
  any: (items) => ({ any: items }),
  none: (items) => ({ not: items.length === 1 ? items[0] : { any: items } }),
  some: (items) => ({ not: { all: items } }),
};

class Builder {
  constructor({ columns, texts, most }, operands) {
    Object.assign(this, { columns, texts, most, operands });
    this.readers = new WeakMap();
  }

  draw(where) {
    const { match, items } = parts(where ?? { all: [] });
    this.root = this.group(match, items, 0);
    return this.root;
  }

  clear() {
    this.listOf(this.root).replaceChildren();
    this.root.querySelector(".filter-add button").focus();
  }

  // An item of the filter that is there, or the first empty one.
  focus(index) {
    if (!this.listOf(this.root).children.length) this.add(this.listOf(this.root), this.condition());
    const item = this.listOf(this.root).children[Math.max(index, 0)] ?? this.root;
    item.scrollIntoView({ block: "nearest" });
    item.querySelector("select, input, textarea, button").focus();
  }

  read() {
    try {
      const where = this.readGroup(this.root);
      if (depth(where) > this.most.depth) return { problem: this.texts.deep };
      return { where: Array.isArray(where) ? { all: [where] } : where };
    } catch (problem) {
      if (!problem.point) throw problem;
      problem.point();
      return { problem: problem.message };
    }
  }

  readGroup(group) {
    const items = [...this.listOf(group).children].map((item) => {
      const inner = item.firstElementChild;
      return inner.matches("fieldset") ? this.readGroup(inner) : this.readers.get(inner)();
    });
    const told = items.filter((item) => item !== null);
    return told.length ? MATCHES[group.querySelector("select").value](told) : null;
  }

  // -- groups ---------------------------------------------------------------------------------------------------

  group(match, items, level) {
    const group = make("fieldset", { className: "filter-group" });
    const list = make("ul", { className: "filter-items" });
    const chooser = this.operands.select(Object.keys(MATCHES).map((name) => [name, this.texts[`match_${name}`]]), match, this.texts.match);
    const head = make("div", { className: "filter-group-head" });
    head.append(chooser);
    if (level) head.append(this.remover(this.texts.remove_group, group));
    const foot = make("div", { className: "filter-add" });
    foot.append(this.operands.button(this.texts.add_condition, () => this.add(list, this.condition()), "btn btn-secondary"));
    if (level < this.most.depth / 2 - 1) {
      const add = () => this.add(list, this.group("any", [], level + 1));
      foot.append(this.operands.button(this.texts.add_group, add, "btn btn-plain"));
    }
    group.append(make("legend", { className: "visually-hidden", textContent: this.texts.group }), head, list, foot);
    for (const item of items) list.append(this.item(Array.isArray(item) ? this.condition(item) : this.subgroup(item, level + 1)));
    return group;
  }

  subgroup(node, level) {
    const { match, items } = parts(node);
    return this.group(match, items, level);
  }

  listOf(group) {
    return group.querySelector(":scope > .filter-items");
  }

  item(element) {
    const item = make("li");
    item.append(element);
    return item;
  }

  add(list, element) {
    list.append(this.item(element));
    if (element.matches("fieldset")) this.listOf(element).append(this.item(this.condition()));
    element.querySelector("li select, select").focus();
  }

  remover(label, element) {
    const button = this.operands.button("×", () => {
      const item = element.closest("li");
      const next = item.nextElementSibling ?? item.previousElementSibling;
      const group = item.parentElement.closest("fieldset");
      item.remove();
      (next?.querySelector("select") ?? group.querySelector(":scope > .filter-add button")).focus();
    }, "btn btn-icon filter-remove");
    button.setAttribute("aria-label", label);
    button.title = label;
    return button;
  }

  // -- conditions -----------------------------------------------------------------------------------------------

  condition([name, operator, operand] = []) {
    const element = make("div", { className: "filter-condition", role: "group", ariaLabel: this.texts.condition });
    const column = this.operands.select(this.columns.map((known) => [known.name, known.label]), name, this.texts.column);
    const slot = make("div", { className: "filter-operand" });
    let comparison, input;
    const current = () => this.columns.find((known) => known.name === column.value);
    const showInput = (value) => {
      const kind = current().operators.find(([known]) => known === comparison.value)[2];
      input = this.operands.inputs(current(), kind, value);
      slot.replaceChildren(...input.elements);
    };
    const showComparisons = (chosen, value) => {
      const fresh = this.operands.select(current().operators, chosen, this.texts.comparison);
      fresh.addEventListener("change", () => showInput());
      comparison?.replaceWith(fresh);
      comparison = fresh;
      showInput(value);
    };
    column.addEventListener("change", () => showComparisons());
    showComparisons(operator, operand);
    element.append(column, comparison, slot, this.remover(this.texts.remove_condition, element));
    this.readers.set(element, () => {
      for (const control of slot.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
      const value = input.read();
      return value === undefined ? [column.value, comparison.value] : [column.value, comparison.value, value];
    });
    return element;
  }
}

// A filter as a group: which of its conditions have to hold.
function parts(node) {
  if (Array.isArray(node)) return { match: "all", items: [node] };
  const [[match, items]] = Object.entries(node);
  if (match !== "not") return { match, items };
  if (items.any) return { match: "none", items: items.any };
  return items.all ? { match: "some", items: items.all } : { match: "none", items: [items] };
}

function depth(node) {
  if (!node || Array.isArray(node)) return 0;
  return 1 + Math.max(...[Object.values(node)[0]].flatMap((inner) => (node.not ? [depth(inner)] : inner.map(depth))));
}

function make(tag, properties = {}) {
  return Object.assign(document.createElement(tag), properties);
}
