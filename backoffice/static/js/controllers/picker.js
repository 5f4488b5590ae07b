// A combobox over a relation, after the WAI-ARIA pattern: type, arrows, Enter, Escape, Home, End.

const PAUSE = 150;

export function connect(element, signal) {
  if ("ready" in element.dataset) return;
  new Picker(element, signal);
}

class Picker {
  constructor(element, signal) {
    this.element = element;
    this.text = element.dataset;
    this.options = [];
    this.at = -1;
    this.timer = 0;
    this.request = null;
    this.build();
    this.listen(signal);
    this.text.ready = "";
    if (this.isTyped) this.takeUp();
  }

  // The plain input stays, with the focus and whatever was typed into it before this came; its key moves to another.
  build() {
    this.box = this.element.querySelector("input");
    this.key = make("input", { type: "hidden", value: this.box.defaultValue });
    if (this.box.name) this.key.name = this.box.name;
    this.label = this.text.label || this.key.value;
    this.isTyped = this.box.value !== this.box.defaultValue;
    this.box.removeAttribute("name");
    // What helps without a script is not read out beside this one.
    const helps = (this.box.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => !document.getElementById(id)?.matches(".needs-no-script"));
    this.box.setAttribute("aria-describedby", helps.join(" "));
    const listId = `${this.box.id}-options`;
    for (const [name, value] of Object.entries({
      role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-haspopup": "listbox", "aria-controls": listId,
    })) this.box.setAttribute(name, value);
    this.box.placeholder = this.text.textHint;
    if (!this.isTyped) this.showLabel();

    this.popup = make("div", { className: "picker-list", hidden: true });
    this.list = make("ul", { className: "picker-options", id: listId, role: "listbox", ariaLabel: this.text.textHint });
    this.note = make("p", { className: "picker-note", hidden: true });
    this.status = make("p", { className: "visually-hidden", role: "status" });
    this.popup.append(this.list, this.note);
    this.clear = make("button", { type: "button", className: "picker-clear", textContent: "×", ariaLabel: this.text.textClear, title: this.text.textClear });
    this.element.append(this.key, this.clear, make("span", { className: "picker-arrow" }), this.popup, this.status);
    this.showClear();
  }

  // A name in place of its key; who has come here to type another still finds it marked.
  showLabel() {
    this.box.value = this.label;
    if (document.activeElement === this.box) this.box.select();
  }

  // On a slow network words are typed before this is here: they are looked up now, and where they were left by then
  // it is as if they were left just now.
  async takeUp() {
    if (document.activeElement === this.box) return this.search(0);
    await this.fetch();
    this.settle();
  }

  listen(signal) {
    this.box.addEventListener("input", () => this.search(PAUSE));
    this.box.addEventListener("click", () => this.isOpen || this.search(0));
    this.box.addEventListener("keydown", (event) => this.onKey(event));
    this.box.addEventListener("focusout", () => this.settle());
    addEventListener("scroll", () => this.isOpen && this.place(), { signal, capture: true, passive: true });
    this.clear.addEventListener("click", () => {
      this.choose({ id: "", label: "" });
      this.box.focus();
    });
    // What was made elsewhere for this choice.
    this.element.addEventListener("choose", (event) => this.choose(event.detail));
    // The focus stays in the box, so that choosing with the pointer does not count as leaving.
    this.popup.addEventListener("pointerdown", (event) => event.preventDefault());
    this.popup.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.choose(this.options[Number(option.dataset.index)]);
    });
    // A draft brings back what was chosen, with its name.
    this.element.addEventListener("restore", ({ detail }) => this.choose(detail));
  }

  get isOpen() {
    return !this.popup.hidden;
  }

  onKey(event) {
    const moves = { ArrowDown: this.at + 1, ArrowUp: this.at < 0 ? this.options.length - 1 : this.at - 1, Home: 0, End: this.options.length - 1 };
    if (event.key in moves && !event.altKey && !event.shiftKey && !event.ctrlKey && !event.metaKey) {
      if (!this.isOpen && event.key.startsWith("Arrow")) this.search(0);
      else if (!this.isOpen) return;
      else this.moveTo(moves[event.key]);
      event.preventDefault();
    } else if (event.key === "Enter" && this.isOpen && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      if (this.at >= 0) this.choose(this.options[this.at]);
    } else if (event.key === "Escape" && this.isOpen) {
      event.preventDefault();
      this.box.value = this.label;
      this.close();
    }
  }

  // A name typed in full is a choice; words that lead to nothing are not, and the box falls back to what is chosen.
  settle() {
    // Nothing was typed: another record of the same name must not take the place of the one that is chosen.
    if (this.box.value === this.label) return this.close();
    const words = this.box.value.trim().toLowerCase();
    const named = this.options.filter((option) => option.label.toLowerCase() === words);
    if (!words && "clearable" in this.text) this.choose({ id: "", label: "" });
    else if (named.length === 1) this.choose(named[0]);
    else this.box.value = this.label;
    this.close();
  }

  search(pause) {
    clearTimeout(this.timer);
    this.request?.abort();
    this.open();
    this.say(this.text.textLoading);
    this.timer = setTimeout(() => this.fetch(), pause);
  }

  async fetch() {
    const request = (this.request = new AbortController());
    const words = this.box.value.trim() === this.label ? "" : this.box.value.trim();
    const joint = this.text.lookupUrl.includes("?") ? "&" : "?";
    try {
      const response = await fetch(`${this.text.lookupUrl}${joint}query=${encodeURIComponent(words)}`, {
        headers: { Accept: "application/json", "X-Requested-With": "fetch" },
        signal: request.signal,
      });
      if (!response.ok) return this.fail(response);
      const found = await response.json();
      this.show(found.results, found.more);
    } catch (error) {
      if (error.name !== "AbortError") this.fail(null);
    }
  }

  async fail(response) {
    const told = response?.status === 401 ? this.text.textSignedOut : (await response?.json().catch(() => null))?.error;
    this.show([], false, told || this.text.textError);
  }

  show(options, more, wrong = "") {
    this.options = options;
    this.at = -1;
    this.list.replaceChildren(...options.map((option, index) => this.draw(option, index)));
    this.box.removeAttribute("aria-activedescendant");
    const count = this.text.textCount.replace("{count}", options.length);
    this.say(wrong || (options.length ? (more ? this.text.textMore : "") : this.text.textEmpty), wrong || (options.length ? count : this.text.textEmpty), Boolean(wrong));
    this.place();
    if (options.length && this.box.value.trim() && this.box.value !== this.label) this.moveTo(0);
  }

  draw(option, index) {
    const item = make("li", { className: "picker-option", id: `${this.list.id}-${index}`, role: "option" });
    item.dataset.index = index;
    item.setAttribute("aria-selected", String(option.id === this.key.value));
    item.append(make("span", { className: "picker-label", textContent: option.label }));
    if (option.detail) item.append(make("span", { className: "picker-detail", textContent: option.detail }));
    return item;
  }

  moveTo(index) {
    if (!this.options.length) return;
    this.list.children[this.at]?.removeAttribute("data-at");
    this.at = (index + this.options.length) % this.options.length;
    const item = this.list.children[this.at];
    item.setAttribute("data-at", "");
    item.scrollIntoView({ block: "nearest" });
    this.box.setAttribute("aria-activedescendant", item.id);
  }

  choose(option) {
    const changed = this.key.value !== option.id;
    this.key.value = option.id;
    this.label = this.box.value = this.text.chosen = option.label;
    this.showClear();
    this.close();
    if (changed) this.key.dispatchEvent(new Event("change", { bubbles: true }));
  }

  showClear() {
    this.clear.hidden = !("clearable" in this.text) || !this.key.value;
  }

  open() {
    this.popup.hidden = false;
    this.box.setAttribute("aria-expanded", "true");
    this.place();
  }

  // Upwards, where there is no room below. In a part that scrolls it would be cut off: there it lies over the page.
  place() {
    const { left, top, bottom, width } = this.box.getBoundingClientRect();
    const isUp = innerHeight - bottom < 240 && top > innerHeight - bottom;
    this.popup.toggleAttribute("data-up", isUp);
    if (!this.element.closest(".filter-tree")) return;
    const wide = Math.min(Math.max(width, 320), innerWidth - 16);
    Object.assign(this.popup.style, {
      position: "fixed", width: `${wide}px`, left: `${Math.max(8, Math.min(left, innerWidth - wide - 8))}px`, right: "auto",
      top: isUp ? "auto" : `${bottom + 4}px`, bottom: isUp ? `${innerHeight - top + 4}px` : "auto",
    });
  }

  close() {
    clearTimeout(this.timer);
    this.request?.abort();
    this.popup.hidden = true;
    this.list.replaceChildren();
    this.options = [];
    this.at = -1;
    this.box.setAttribute("aria-expanded", "false");
    this.box.removeAttribute("aria-activedescendant");
  }

  say(seen, heard = seen, wrong = false) {
    this.note.textContent = seen;
    this.note.hidden = !seen;
    this.note.toggleAttribute("data-wrong", wrong);
    this.status.textContent = heard;
  }
}

function make(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}
