// Keeps what is typed into a form within a second, and offers back what an earlier one kept. Nothing in the form is
// overwritten until somebody asks for it. Each opening of a form has a copy of its own, so that two tabs of one record
// never write over each other; a copy whose tab still lives is not offered.

const PAUSE = 700;
const PATIENCE = 200;
const CHANNEL = "backoffice.drafts";
const NEVER = /^_|^csrf_token$|^form_id$|^shown$|^since$|^conflicting$|^choose-|password|secret/i;

export function connect(form, signal) {
  if (form.dataset.draft) new Drafts(form, signal);
}

class Drafts {
  constructor(form, signal) {
    Object.assign(this, { form, timer: 0, adopted: [], store: form.draftStore, server: form.serverDrafts });
    this.copy = newName();
    this.name = form.dataset.draft;
    this.base = contents(form, true);
    // A form that came back with errors or a conflict shows what was typed: all of it is unsaved.
    this.touched = new Set("changed" in form.dataset ? this.base.keys() : []);
    this.status = form.querySelector("[data-draft-status]");
    this.tellForm();
    this.listen(signal);
    if (this.touched.size || this.changed().length) this.keep();
    this.offer();
  }

  listen(signal) {
    const soon = () => (this.timer ||= setTimeout(() => this.keep(), PAUSE));
    this.form.addEventListener("input", soon);
    this.form.addEventListener("change", soon);
    this.form.addEventListener("submit", () => {
      this.flush();
      this.isSent = true;
    });
    addEventListener("pagehide", () => this.flush(), { signal });
    document.addEventListener("visibilitychange", () => document.hidden && this.flush(), { signal });
    // Back from the browser's own memory, another page may have cleared away meanwhile; what was sent stays gone.
    addEventListener("pageshow", (event) => event.persisted && !this.isSent && this.keep(), { signal });
    this.server?.onState((state, at) => this.say(state, at));
    if (!("BroadcastChannel" in window)) return;
    this.channel = new BroadcastChannel(CHANNEL);
    this.channel.addEventListener("message", ({ data }) => data.ask === this.name && this.channel.postMessage({ open: this.copy }));
    signal.addEventListener("abort", () => this.channel.close());
  }

  flush() {
    if (this.timer) this.keep();
  }

  changed() {
    const now = contents(this.form);
    const names = new Set([...this.base.keys(), ...now.keys()]);
    return [...names].filter((name) => this.touched.has(name) || !isSame(now.get(name), this.base.get(name)));
  }

  keep() {
    clearTimeout(this.timer);
    this.timer = 0;
    const names = this.changed();
    if (!names.length) return this.drop();
    const draft = this.draft(names);
    const kept = this.store.keep(draft);
    // What was taken up is in this copy now.
    if (kept === "kept") this.store.remove(this.adopted);
    this.say(kept === "kept" ? "browser" : kept, draft.at);
    this.server?.keep(draft, this.adopted);
  }

  drop() {
    this.store.remove([this.copy, ...this.adopted]);
    this.server?.forget(this.copy, this.adopted);
    this.say("", "");
  }

  draft(names) {
    const { form } = this;
    const now = contents(form);
    const labels = {};
    for (const picker of form.querySelectorAll(".picker")) {
      const key = picker.querySelector("input[name]");
      if (names.includes(key?.name)) labels[key.name] = picker.dataset.chosen ?? picker.dataset.label ?? "";
    }
    return {
      copy: this.copy, name: this.name, at: new Date().toISOString(), title: title(form), labels,
      fields: Object.fromEntries(names.map((name) => [name, now.get(name) ?? []])),
      version: value(form, form.dataset.versionField), shown: value(form, "shown"),
    };
  }

  // The form says which copies a save settles.
  tellForm() {
    const input = this.form.elements.namedItem("_draft");
    if (input) input.value = [this.copy, ...this.adopted].join(",");
  }

  say(state, at) {
    if (!this.status) return;
    const texts = this.status.dataset;
    const text = { server: texts.textServer, browser: texts.textBrowser, elsewhere: texts.textElsewhere, "too-long": texts.textTooLong, nowhere: texts.textNowhere }[state] ?? "";
    const said = text.replace("{when}", at ? hour(at) : "");
    this.status.toggleAttribute("data-warning", Boolean(said) && state !== "server" && state !== "browser");
    if (this.status.textContent !== said) this.status.textContent = said;
  }

  // -- what an earlier form kept ---------------------------------------------------------------------------------

  async offer() {
    const wanted = new URLSearchParams(location.search).get("draft");
    const found = await this.found(wanted);
    const same = found.filter((draft) => this.isShown(draft));
    this.settle(same.map((draft) => draft.copy));
    const left = found.filter((draft) => !same.includes(draft));
    left.sort((one, other) => Number(other.copy === wanted) - Number(one.copy === wanted) || Date.parse(other.at) - Date.parse(one.at));
    // A form that came back with errors may have died before it had taken up what it was sent from.
    const offers = left.filter((draft, at) => !left.slice(0, at).some((newer) => isWithin(draft, newer)));
    this.settle(left.filter((draft) => !offers.includes(draft)).map((draft) => draft.copy), true);
    const place = document.querySelector(".offers");
    if (!offers.length || !place) return;
    place.hidden = false;
    place.append(...offers.map((draft) => this.draw(draft)));
  }

  // One of each copy: this browser's is never older than what it sent to the server.
  async found(wanted) {
    const remote = (await this.server?.list()) ?? [];
    const all = new Map([...remote, ...this.store.list(this.name)].map((draft) => [draft.copy, draft]));
    all.delete(this.copy);
    if (!all.size) return [];
    // Another tab goes on with it, unless it was asked for by its link.
    for (const copy of await this.alive()) if (copy !== wanted) all.delete(copy);
    return [...all.values()];
  }

  async alive() {
    const open = new Set();
    if (!this.channel) return open;
    const hear = ({ data }) => data.open && open.add(data.open);
    this.channel.addEventListener("message", hear);
    this.channel.postMessage({ ask: this.name });
    await new Promise((resolve) => setTimeout(resolve, PATIENCE));
    this.channel.removeEventListener("message", hear);
    return open;
  }

  isShown(draft) {
    const now = contents(this.form);
    return Object.entries(draft.fields).every(([name, values]) => !now.has(name) || isSame(now.get(name), values));
  }

  // Nothing of it is left to restore: with the form it goes on, else it goes.
  settle(copies, isElsewhere = false) {
    if (!copies.length) return;
    if (isElsewhere || !("changed" in this.form.dataset)) {
      this.store.remove(copies);
      this.server?.discard(copies);
      return;
    }
    this.adopt(copies);
  }

  adopt(copies) {
    this.adopted.push(...copies);
    this.tellForm();
    this.keep();
  }

  draw(draft) {
    const offer = document.getElementById("draft-offer").content.cloneNode(true).firstElementChild;
    const told = offer.querySelector("[data-told]");
    const isStale = draft.version !== value(this.form, this.form.dataset.versionField);
    told.textContent = (isStale ? told.dataset.textStale : told.dataset.text).replace("{when}", day(draft.at));
    const list = offer.querySelector("dl");
    for (const [name, values] of Object.entries(draft.fields)) {
      if (!this.base.has(name) || isSame(contents(this.form).get(name), values)) continue;
      const words = (draft.labels?.[name] || values.at(-1) || "").trim();
      const line = document.createElement("div");
      line.append(Object.assign(document.createElement("dt"), { textContent: label(this.form, name) }));
      line.append(Object.assign(document.createElement("dd"), { textContent: excerpt(words) || this.status?.dataset.textEmpty }));
      list.append(line);
    }
    offer.addEventListener("click", ({ target }) => {
      if (target.closest("[data-restore]")) this.restore(draft, offer);
      else if (target.closest("[data-discard]")) this.discard(draft, offer);
    });
    return offer;
  }

  restore(draft, offer) {
    for (const [name, values] of Object.entries(draft.fields)) {
      if (!this.base.has(name) || NEVER.test(name)) continue;
      this.touched.add(name);
      write(this.form, name, values, draft.labels?.[name] ?? "");
    }
    // As if the form had never been closed: a later save merges or conflicts with what it was made from.
    put(this.form, this.form.dataset.versionField, draft.version);
    put(this.form, "shown", draft.shown);
    this.adopt([draft.copy]);
    this.close(offer);
    this.form.querySelector(`[name="${CSS.escape(Object.keys(draft.fields)[0] ?? "")}"]:not([type=hidden])`)?.focus();
  }

  discard(draft, offer) {
    this.store.remove([draft.copy]);
    this.server?.discard([draft.copy]);
    this.close(offer);
  }

  close(offer) {
    const place = offer.parentElement;
    offer.remove();
    place.hidden = !place.children.length;
  }
}

// Name -> values, of what may be kept: no password, no file, nothing that belongs to one form alone.
function contents(form, asSent = false) {
  const found = new Map();
  for (const element of form.elements) {
    const { name, type } = element;
    if (!name || NEVER.test(name) || name === form.dataset.versionField || ["password", "file", "submit", "button", "fieldset"].includes(type)) continue;
    if (!found.has(name)) found.set(name, []);
    found.get(name).push(...values(element, asSent));
  }
  return found;
}

function values(element, asSent) {
  if (element.type === "checkbox" || element.type === "radio") return (asSent ? element.defaultChecked : element.checked) ? [element.value] : [];
  if (element.options) {
    const marked = [...element.options].filter((option) => (asSent ? option.defaultSelected : option.selected));
    // A list of which none is marked shows its first.
    const chosen = marked.length || element.multiple || !asSent ? marked : [...element.options].slice(0, 1);
    return chosen.map((option) => option.value);
  }
  return [(asSent && element.type !== "hidden" ? sent(element) : element.value).replaceAll("\r\n", "\n")];
}

// As the browser shows what was sent: a time of 10:00:00 is its 10:00.
function sent(element) {
  return element.tagName === "INPUT" ? Object.assign(element.cloneNode(), { value: element.defaultValue }).value : element.defaultValue;
}

function write(form, name, kept, words) {
  const elements = [...form.elements].filter((element) => element.name === name);
  for (const element of elements) {
    const picker = element.closest(".picker");
    if (element.type === "checkbox" || element.type === "radio") element.checked = kept.includes(element.value);
    else if (element.options) for (const option of element.options) option.selected = kept.includes(option.value);
    else if (picker) picker.dispatchEvent(new CustomEvent("restore", { detail: { id: kept.at(-1) ?? "", label: words || (kept.at(-1) ?? "") } }));
    // The unseen `false` before a box stays what it is.
    else if (elements.length === 1) element.value = kept.at(-1) ?? "";
    element.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

function value(form, name) {
  return form.elements.namedItem(name ?? "")?.value ?? "";
}

function put(form, name, text) {
  const input = form.elements.namedItem(name ?? "");
  if (input && text) input.value = text;
}

function label(form, name) {
  const field = form.querySelector(`[name="${CSS.escape(name)}"]`)?.closest(".field");
  return field?.querySelector("label")?.textContent.trim() ?? name;
}

function title(form) {
  const first = form.querySelector(".field input[type=text]:not([role=combobox]):not(.visually-hidden)");
  return first && !NEVER.test(first.name) ? first.value.slice(0, 200) : "";
}

function isSame(one, other) {
  return JSON.stringify(one ?? []) === JSON.stringify(other ?? []);
}

function isWithin(draft, newer) {
  return draft.version === newer.version && Object.entries(draft.fields).every(([name, values]) => isSame(newer.fields[name], values));
}

function excerpt(text) {
  const line = text.replace(/\s+/g, " ");
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
}

const language = () => document.documentElement.lang || undefined;
const hour = (at) => new Intl.DateTimeFormat(language(), { hour: "numeric", minute: "2-digit" }).format(new Date(at));
const day = (at) => new Intl.DateTimeFormat(language(), { dateStyle: "medium", timeStyle: "short" }).format(new Date(at));

// Without https there is no randomUUID.
function newName() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
