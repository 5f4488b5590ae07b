// The inputs that ask for the other side of a comparison, one sort a kind of operand, and how each is read.

export function connect(tree) {
  tree.operands = new Operands(tree.told);
}

class Operands {
  constructor({ names, texts, calendar, most }) {
    Object.assign(this, { names, texts, calendar, most });
    this.ids = 0;
  }

  // What stands behind the comparison: its elements, and `read()` for the value they hold.
  inputs(column, kind, value) {
    const texts = this.texts;
    switch (kind) {
      case "none":
        return { elements: [], read: () => undefined };
      case "choice": {
        const box = this.select(column.choices, String(value ?? column.choices[0]?.[0]), texts.value);
        return { elements: [box], read: () => (column.entry === "boolean" ? box.value === "true" : box.value) };
      }
      case "choices":
        return this.choices(column, (value ?? []).map(String));
      case "relation":
        return this.relation(column, value ?? []);
      case "period":
        return this.period(column, value);
      case "between": {
        const ends = [texts.from, texts.to].map((label, at) => this.entry(column, column.entry, value?.[at], label));
        return { elements: ends.map((end) => end.box), read: () => ends.map((end) => end.read()) };
      }
      case "list": {
        const box = make("textarea", { className: "form-control", rows: 3, ariaLabel: texts.values, placeholder: texts.values });
        box.value = (value ?? []).join("\n");
        const read = () => {
          const lines = box.value.split("\n").filter((line) => line.trim());
          if (!lines.length) throw new Wrong(texts.missing, box);
          return lines.map((line) => (column.entry === "integer" ? integer(line) ?? wrong(texts.integer, box) : line));
        };
        return { elements: [box], read };
      }
      default: {
        const entry = this.entry(column, kind, value, texts.value);
        return { elements: [entry.box], read: entry.read };
      }
    }
  }

  // One value in a box of its kind. What was there and was not touched is given back as it was.
  entry(column, kind, value, label) {
    const types = { date: "date", time: "time", datetime: "datetime-local", count: "number" };
    const box = make("input", { className: "form-control", type: types[kind] ?? "text", ariaLabel: label, autocomplete: "off" });
    if (kind === "integer") box.inputMode = "numeric";
    if (kind === "number") box.inputMode = "decimal";
    if (kind === "time" || kind === "datetime") box.step = 1;
    if (kind === "count") Object.assign(box, { min: 0, max: this.most.links });
    if (label !== this.texts.value) box.placeholder = label;
    const aware = kind === "datetime" && column.aware;
    box.value = aware && value ? local(value) : String(value ?? "").slice(0, kind === "datetime" ? 19 : undefined);
    if (aware) box.title = this.texts.local;
    const shown = box.value;
    const read = () => {
      if (box.validity?.badInput) throw new Wrong(this.texts.incomplete, box);
      if (!box.value.trim()) throw new Wrong(this.texts.missing, box);
      if (value !== undefined && box.value === shown) return value;
      if (kind === "integer") return integer(box.value) ?? wrong(this.texts.integer, box);
      if (kind === "count") return count(box.value, this.most.links) ?? wrong(this.texts.count, box);
      if (kind === "number" && Number.isNaN(Number(plain(box.value)))) throw new Wrong(this.texts.number, box);
      return aware ? new Date(box.value).toISOString().replace(/\.000Z$/, "Z") : box.value;
    };
    return { box, read };
  }

  choices(column, chosen) {
    const group = make("div", { className: "choices", role: "group", ariaLabel: column.label });
    for (const [value, label] of column.choices) {
      const line = make("label", { className: "form-check" });
      const box = make("input", { className: "form-check-input", type: "checkbox", value, checked: chosen.includes(value) });
      line.append(box, make("span", { className: "form-check-label", textContent: label }));
      group.append(line);
    }
    const read = () => {
      const values = [...group.querySelectorAll(":checked")].map((box) => box.value);
      return values.length ? values : wrong(this.texts.missing, group.querySelector("input"));
    };
    return { elements: [group], read };
  }

  // A calendar period, or so many days back or ahead.
  period(column, value = "last 7 days") {
    const [, which, number, unit] = /^(last|next) (\d+) (\w+?)s?$/.exec(value) ?? [];
    const counted = [["last", this.texts.last_n], ["next", this.texts.next_n]];
    const known = this.select([...this.calendar, ...counted], which ?? value, this.texts.period);
    const units = ["hour", "day", "week", "month", "year"].filter((name) => name !== "hour" || column.entry === "datetime");
    const box = make("input", { className: "form-control", type: "number", min: 1, max: 9999, value: number ?? 7, ariaLabel: this.texts.number_of });
    const unitBox = this.select(units.map((name) => [name, this.texts[`unit_${name}`]]), unit ?? "day", this.texts.unit);
    const isCounted = () => known.value === "last" || known.value === "next";
    const show = () => [box, unitBox].forEach((control) => (control.hidden = !isCounted()));
    known.addEventListener("change", show);
    show();
    const read = () => {
      if (!isCounted()) return known.value;
      if (!count(box.value, 9999)) throw new Wrong(this.texts.integer, box);
      return `${known.value} ${Number(box.value)} ${unitBox.value}s`;
    };
    return { elements: [known, box, unitBox], read };
  }

  // Records chosen one after the other; each can be taken out again.
  relation(column, keys) {
    const chosen = make("ul", { className: "filter-chosen", ariaLabel: this.texts.chosen });
    const values = new Map();
    const choose = (key, label) => {
      if (values.has(String(key))) return;
      values.set(String(key), key);
      const item = make("li", { textContent: label });
      const button = this.button("×", () => {
        values.delete(String(key));
        item.remove();
        picker.querySelector("[role=combobox]")?.focus();
      }, "filter-unchoose");
      button.setAttribute("aria-label", this.texts.unchoose.replace("{record}", () => label));
      item.append(button);
      chosen.append(item);
    };
    const nameOf = (key) => (key === "me" ? this.texts.me : this.names[column.name]?.[key] ?? `#${key}`);
    const picker = this.picker(column);
    picker.addEventListener("change", (event) => {
      const key = event.target.value;
      // The box for the words tells of its own changes, too: they are no key.
      if (event.target.type !== "hidden" || !key) return;
      // A key of another kind may look like a number and be another one as such: 007.
      const number = Number(key);
      choose(Number.isSafeInteger(number) && String(number) === key ? number : key, picker.querySelector("[role=combobox]").value);
      picker.dispatchEvent(new CustomEvent("choose", { detail: { id: "", label: "" } }));
    });
    for (const key of keys) choose(key, nameOf(key));
    const elements = [chosen, picker];
    if (column.me) elements.push(this.button(this.texts.me, () => choose("me", this.texts.me), "btn btn-secondary"));
    const read = () => (values.size ? [...values.values()] : wrong(this.texts.unchosen, picker.querySelector("[role=combobox], input")));
    return { elements, read };
  }

  picker(column) {
    const picker = make("div", { className: "picker" });
    Object.assign(picker.dataset, { ...this.texts.picker, controller: "picker", lookupUrl: column.lookup, label: "" });
    const id = `filter-relation-${(this.ids += 1)}`;
    picker.append(
      make("label", { className: "visually-hidden", htmlFor: id, textContent: column.label }),
      make("input", { className: "form-control", type: "text", id, autocomplete: "off" }),
    );
    return picker;
  }

  select(options, chosen, label) {
    const box = make("select", { className: "form-select", ariaLabel: label });
    for (const [value, text] of options) box.append(new Option(text, value, false, value === chosen));
    return box;
  }

  button(text, act, className) {
    const button = make("button", { type: "button", className, textContent: text });
    button.addEventListener("click", act);
    return button;
  }
}

// A value that cannot be sent, and where it stands.
class Wrong extends Error {
  constructor(message, control) {
    super(message);
    this.control = control;
  }

  point() {
    this.control.setAttribute("aria-invalid", "true");
    this.control.setAttribute("aria-describedby", "filter-wrong");
    this.control.focus();
  }
}

function wrong(message, control) {
  throw new Wrong(message, control);
}

function plain(text) {
  return text.normalize("NFKC").trim();
}

function integer(text) {
  const digits = plain(text);
  return /^[+-]?\d{1,15}$/.test(digits) ? Number(digits) : /^[+-]?\d+$/.test(digits) ? digits : null;
}

function count(text, most) {
  const number = integer(text);
  return typeof number === "number" && number >= 0 && number <= most ? number : null;
}

// A moment of the address (UTC where it says nothing) as the box of this browser's zone shows it.
function local(text) {
  const moment = new Date(/(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text.length > 10 ? text : `${text}T00:00`}Z`);
  if (Number.isNaN(moment.getTime())) return "";
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

function make(tag, properties = {}) {
  return Object.assign(document.createElement(tag), properties);
}
