// Edits one cell of a list in a form over it. Enter saves, Escape leaves it as it was, Tab saves and goes on to the next.
// What was typed stays until it is saved or given up.

const ASKED = { "X-Requested-With": "fetch" };

export function connect(table) {
  table.editorOf = (heads, cell, ways) => new Editor(table, heads, cell, ways);
}

class Editor {
  constructor(table, heads, cell, { neighbour, goOn }) {
    Object.assign(this, { table, heads, cell, neighbour, goOn, row: cell.parentElement, going: new AbortController() });
  }

  get isDirty() {
    return Boolean(this.form) && this.before !== undefined && this.contents() !== this.before;
  }

  async open(byTab) {
    this.cell.ariaBusy = "true";
    const form = await this.ask();
    this.cell.ariaBusy = null;
    if (!form) return;
    this.show(form);
    await this.ready();
    if (!this.form) return;
    this.before = this.contents();
    this.field.focus();
    this.field.select?.();
    // A yes or no has nothing to be typed: it is turned over and saved, unless one only came past it.
    if (this.field.type !== "checkbox") return;
    if (byTab) return this.cancel();
    this.field.checked = !this.field.checked;
    await this.finish();
  }

  get field() {
    return this.form.querySelector(".cell-line :is(input:not([type=hidden]), select, textarea)");
  }

  show(form) {
    this.form = document.adoptNode(form);
    this.conflict = form.querySelector(".cell-conflict");
    this.error = form.querySelector(".field-error");
    // Not inside the cell: a form of ticked rows stands around the table, and forms do not stand in each other.
    (this.table.closest(".list-page, .relation") ?? document.body).append(this.form);
    this.form.showPopover();
    this.place();
    const { signal } = this.going;
    addEventListener("scroll", () => this.place(), { signal, capture: true, passive: true });
    addEventListener("resize", () => this.place(), { signal });
    addEventListener("beforeunload", (event) => this.isDirty && event.preventDefault(), { signal });
    document.addEventListener("pointerdown", (event) => this.form.contains(event.target) || this.isDirty || this.close(), { signal });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.finish();
    });
    this.form.addEventListener("keydown", (event) => this.onKey(event));
    this.form.addEventListener("click", (event) => this.onClick(event));
  }

  onKey(event) {
    if (event.defaultPrevented || event.isComposing) return;
    const { target, key } = event;
    const isField = target.matches("input, select, textarea");
    if (key === "Escape") this.cancel();
    else if (key === "Enter" && isField && (target.tagName !== "TEXTAREA" || event.ctrlKey || event.metaKey)) this.finish();
    else if (key === "Tab" && isField && !this.isTold) this.finish(event.shiftKey ? -1 : 1);
    else return;
    event.preventDefault();
  }

  onClick(event) {
    const asked = event.target.closest("button")?.dataset ?? {};
    for (const act of ["cancel", "take", "keep"]) if (act in asked) this[act]();
  }

  // Something is wrong or in conflict: Tab then leads to the buttons.
  get isTold() {
    return !this.conflict.hidden || this.error.textContent !== "";
  }

  contents() {
    return JSON.stringify([...new FormData(this.form)].filter(([name]) => name !== "csrf_token"));
  }

  // The form of the cell as it is now, or nothing and the reason told.
  async ask() {
    const { pk: id, version = "" } = this.row.dataset;
    const query = new URLSearchParams({ id, version, name: this.heads[this.cell.cellIndex].dataset.name });
    const { signal } = this.going;
    const response = await fetch(`${this.table.dataset.url}?${query}`, { headers: { ...ASKED, Accept: "text/html" }, signal }).catch(() => null);
    const told = await (response?.ok ? response.text() : response?.json())?.catch(() => null);
    if (signal.aborted) return null;
    if (!response?.ok || told === null) return this.tell(told?.error ?? this.table.dataset.textFailed);
    return new DOMParser().parseFromString(told, "text/html").querySelector("form");
  }

  async finish(step = 0) {
    if (this.saving) return;
    // Found before it is saved: the row may then be gone from the list.
    const next = step ? this.neighbour(this.cell, step) : null;
    // A picker settles on what was typed when it is left.
    document.activeElement.blur();
    if (await this.leave()) this.goOn(this.cell, next);
    // Not while it asks which of two values is to stay.
    else if (this.conflict.hidden) this.field.focus();
  }

  // Closes, saved or unchanged; false where what was typed could not be saved.
  async leave() {
    // Who cancels while it is being sent has left all the same.
    if (this.saving || (this.form && (this.isDirty || this.resolved))) return (await this.save()) || !this.form;
    this.close();
    return true;
  }

  // Sent once, however many wait for it.
  save() {
    this.saving ??= this.sendBusily();
    return this.saving;
  }

  async sendBusily() {
    this.form.ariaBusy = "true";
    try {
      return await this.send();
    } finally {
      this.saving = null;
      if (this.form) this.form.ariaBusy = null;
    }
  }

  async send() {
    if (this.mustRenew && !(await this.renew())) return false;
    const { status, answer } = await this.post(new FormData(this.form));
    if (status === 200) return this.saved(answer);
    return answer.version ? this.askWhich(answer) : this.refused(status, answer);
  }

  refused(status, answer) {
    // Signed out, or signed in anew: the token of this form is worth nothing any more.
    this.mustRenew = [400, 401].includes(status);
    return this.tell(answer.error);
  }

  async post(body) {
    body.set("columns", this.heads.map((head) => head.dataset.name).filter(Boolean).join(","));
    const response = await fetch(this.form.action, { method: "POST", body, headers: ASKED }).catch(() => null);
    const answer = await response?.json().catch(() => null);
    return { status: answer ? response.status : 0, answer: answer ?? { error: this.table.dataset.textFailed } };
  }

  async renew() {
    const fresh = await this.ask();
    if (!fresh) return false;
    this.form.elements.csrf_token.value = fresh.elements.csrf_token.value;
    this.mustRenew = false;
    return true;
  }

  saved(answer) {
    say(answer.message);
    this.close();
    if (!answer.gone) this.draw(answer);
    else {
      this.row.remove();
      // Whoever counts the ticked rows counts them again.
      this.table.dispatchEvent(new Event("change", { bubbles: true }));
    }
    return true;
  }

  draw({ cells, version }) {
    this.row.dataset.version = version;
    for (const head of this.heads) {
      const html = cells[head.dataset.name];
      if (html !== undefined) this.row.cells[head.cellIndex].innerHTML = html;
    }
    this.cell.dataset.saved = "";
    setTimeout(() => delete this.cell.dataset.saved, 1500);
  }

  askWhich(answer) {
    this.form.dataset.version = answer.version;
    this.form.querySelector("[data-told]").textContent = answer.error;
    this.form.querySelector("[data-theirs]").innerHTML = answer.theirs;
    this.conflict.hidden = false;
    this.place();
    this.form.querySelector("[data-keep]").focus();
    return false;
  }

  // Sent without a version, nothing is saved and the answer is the row as it is now.
  async take() {
    if (this.mustRenew && !(await this.renew())) return false;
    const body = new FormData();
    body.set("csrf_token", this.form.elements.csrf_token.value);
    const { status, answer } = await this.post(body);
    if (!answer.version) return this.refused(status, answer);
    this.close();
    this.draw(answer);
    return this.goOn(this.cell);
  }

  // From here on one knows what is there, and overwrites it on purpose.
  keep() {
    this.conflict.hidden = true;
    this.resolved = true;
    this.form.querySelector("#cell-version").value = this.form.dataset.version;
    // What the form was made from is no longer what is being changed.
    this.form.querySelector("#cell-shown").value = "";
    this.field.focus();
  }

  cancel() {
    this.close();
    this.goOn(this.cell);
  }

  close() {
    this.going.abort();
    this.form?.remove();
    this.form = null;
    this.note?.remove();
  }

  // Beside what was typed; without a form yet, beside the cell for a while.
  tell(words) {
    if (this.form) this.error.textContent = words;
    else this.hint(words);
    this.place();
    return false;
  }

  hint(words) {
    this.note = Object.assign(document.createElement("p"), { className: "cell-form field-error", role: "alert", textContent: words, popover: "manual" });
    document.body.append(this.note);
    this.note.showPopover();
    setTimeout(() => this.note.remove(), 8000);
  }

  // Over the cell, and always inside the window.
  place() {
    const element = this.form ?? this.note;
    if (!element?.isConnected) return;
    const cell = this.cell.getBoundingClientRect();
    element.style.minWidth = `${Math.min(Math.max(cell.width, 280), innerWidth - 16)}px`;
    const { width, height } = element.getBoundingClientRect();
    element.style.left = `${Math.max(8, Math.min(cell.left, innerWidth - width - 8))}px`;
    element.style.top = `${Math.max(8, Math.min(cell.top, innerHeight - height - 8))}px`;
  }

  // A picker builds itself once its script is there.
  async ready() {
    for (let frame = 0; frame < 60 && this.form?.querySelector(".picker:not([data-ready])"); frame += 1) {
      await new Promise((resolve) => setTimeout(resolve, 16));
    }
  }
}

function say(words) {
  document.getElementById("list-status").textContent = words;
}
