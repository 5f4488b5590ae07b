// Signs in over the form whose session has ended, and lets its save go on; the product's own sign-in decides.

const ASKED = { "X-Requested-With": "fetch", Accept: "application/json" };

export function connect(dialog) {
  let asking = null;
  dialog.ask = (state) => (asking ??= new Asking(dialog)).ask(state);
}

class Asking {
  constructor(dialog) {
    Object.assign(this, { dialog, state: null, done: null });
    const template = dialog.querySelector("template");
    template.replaceWith(template.content);
    this.form = dialog.querySelector("form");
    this.error = dialog.querySelector("#again-error");
    dialog.addEventListener("close", () => this.done?.(null));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.signIn();
    });
    dialog.addEventListener("click", ({ target }) => {
      if (target.closest("[data-not-now]")) this.finish(null);
      else if (target.closest("[data-as-other]")) this.finish(this.state);
      else if (target.closest("[data-go-on]")) this.goOn();
    });
  }

  // The state in which the save may go on, or nothing.
  ask(state) {
    const answer = new Promise((resolve) => (this.done = resolve));
    if (!this.dialog.open) this.dialog.showModal();
    this.show(state);
    return answer;
  }

  show(state) {
    this.state = state;
    const { dataset } = this.dialog;
    const isMine = state.email === this.form.elements.email.value;
    const found = !state.person ? "ended" : isMine || state.must_change_password ? "replace" : "other";
    this.dialog.querySelector("h2").textContent = { ended: dataset.textEnded, other: dataset.textOther, replace: dataset.textReplace }[found];
    for (const part of this.dialog.querySelectorAll("[data-case]")) part.hidden = !part.dataset.case.split(" ").includes(found);
    for (const part of this.dialog.querySelectorAll("[data-other]")) part.textContent = state.email;
    this.error.textContent = "";
    if (found !== "replace") this.form.elements.password.focus();
  }

  finish(state) {
    const { done } = this;
    this.done = null;
    this.form.elements.password.value = "";
    this.dialog.close();
    done?.(state);
  }

  async signIn() {
    if (this.isBusy) return;
    this.isBusy = true;
    this.form.ariaBusy = "true";
    await this.trySignIn();
    this.form.ariaBusy = null;
    this.isBusy = false;
  }

  async trySignIn() {
    // The token of this page belongs to the session that has ended.
    const before = await this.fetch(this.dialog.dataset.sessionUrl);
    if (!before.told?.csrf_token) return this.say(this.dialog.dataset.textFailed);
    const body = new FormData(this.form);
    body.set("csrf_token", before.told.csrf_token);
    const { isFine, told } = await this.fetch(this.dialog.dataset.url, { method: "POST", body });
    if (!isFine || !told?.csrf_token) return this.say(told?.error ?? this.dialog.dataset.textFailed);
    if (told.must_change_password) return this.show(told);
    return this.finish(told);
  }

  async goOn() {
    const { told } = await this.fetch(this.dialog.dataset.sessionUrl);
    if (!told?.csrf_token) return this.say(this.dialog.dataset.textFailed);
    const isMine = told.email === this.form.elements.email.value;
    return isMine && !told.must_change_password ? this.finish(told) : this.show(told);
  }

  async fetch(url, options = {}) {
    const response = await fetch(url, { headers: ASKED, cache: "no-store", ...options }).catch(() => null);
    return { isFine: Boolean(response?.ok), told: await response?.json().catch(() => null) };
  }

  say(words) {
    this.error.textContent = words;
    this.form.elements.password.select();
  }
}
