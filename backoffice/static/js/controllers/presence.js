// Tells who else has this record open, and that it changed since. A hidden page is silent; what fails is not shown.

const EVERY = 18_000;

export function connect(element, signal) {
  new Presence(element, signal);
}

class Presence {
  constructor(element, signal) {
    Object.assign(this, { element, signal, timer: 0, shown: "", told: "" });
    this.page = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    this.people = element.querySelector(".presence-people");
    this.changed = element.querySelector(".presence-changed");
    this.changed.querySelector("[data-reload]").href = location.href;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.stop() : this.beat()), { signal });
    addEventListener("pagehide", () => this.leave(), { signal });
    addEventListener("pageshow", (event) => event.persisted && this.beat(), { signal });
    signal.addEventListener("abort", () => this.stop());
    if (!document.hidden) this.beat();
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = 0;
  }

  async beat() {
    this.stop();
    const response = await this.post({ editing: String("editing" in this.element.dataset) }).catch(() => null);
    if (this.signal.aborted) return;
    if (response?.ok) await response.json().then((told) => this.show(told), () => {});
    else if (response?.status === 404) return this.tell("gone");
    // Signed out: the form asks when it is saved, and here there is nothing to be told.
    if (response?.status === 401 || response?.status === 403) return;
    if (!document.hidden) this.timer = setTimeout(() => this.beat(), EVERY);
  }

  leave() {
    this.stop();
    this.post({ leaving: "1" }, { keepalive: true }).catch(() => null);
  }

  post(pairs, options = {}) {
    const body = new FormData();
    body.set("csrf_token", document.querySelector("input[name=csrf_token]")?.value ?? "");
    for (const [name, value] of Object.entries({ id: this.element.dataset.record, page: this.page, ...pairs })) body.set(name, value);
    const headers = { "X-Requested-With": "fetch", Accept: "application/json" };
    return fetch(this.element.dataset.url, { method: "POST", body, headers, ...options });
  }

  show({ people, version, changed_at: at, ...standing }) {
    document.dispatchEvent(new CustomEvent("standing", { detail: standing }));
    const now = JSON.stringify(people);
    if (now !== this.shown) this.draw(people);
    this.shown = now;
    if (version !== this.version) this.tell("changed", at);
  }

  // A form may have been restored from an older state than the page was opened in.
  get version() {
    const form = document.querySelector(".record-form");
    return form?.elements.namedItem(form.dataset.versionField ?? "")?.value || this.element.dataset.version;
  }

  draw(people) {
    const lines = people.map(({ email, editing }) => {
      const line = this.element.querySelector(`template[data-person=${editing ? "editing" : "reading"}]`).content.cloneNode(true);
      line.querySelector("b").textContent = email;
      return line;
    });
    this.people.querySelector("ul").replaceChildren(...lines);
    this.people.hidden = !people.length;
  }

  // Said once for each change.
  tell(what, at = "") {
    if (this.told === `${what}${at}`) return;
    this.told = `${what}${at}`;
    const { dataset } = this.element;
    const changed = at ? dataset.textChanged.replace("{when}", when(at)) : dataset.textChangedUnknown;
    const words = [what === "gone" ? dataset.textGone : changed, what === "changed" && "editing" in dataset ? dataset.textForm : ""];
    this.changed.hidden = false;
    this.changed.querySelector("[data-reload]").hidden = what === "gone";
    this.changed.querySelector("[data-told]").textContent = words.filter(Boolean).join(" ");
  }
}

function when(at) {
  return new Intl.DateTimeFormat(document.documentElement.lang || undefined, { dateStyle: "medium", timeStyle: "short" }).format(new Date(at));
}
