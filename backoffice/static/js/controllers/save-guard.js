// Asks before a form is sent whether the server answers and whose session it is. Without a connection the save waits;
// without a session somebody signs in first; under another name nothing is saved unasked.

const TIMES = [2000, 4000, 8000, 15_000];
const LOOKS_AGAIN = 30_000;

export function connect(form, signal) {
  if (form.dataset.sessionUrl) new SaveGuard(form, signal);
}

class SaveGuard {
  constructor(form, signal) {
    Object.assign(this, { form, isPassing: false, isBusy: false, looked: Date.now() });
    this.notice = document.querySelector("[data-waiting]");
    this.whose = document.querySelector("[data-whose]");
    this.dialog = document.getElementById("sign-in-again");
    // Before every other behaviour of the form: to them it is sent only once it may be.
    form.addEventListener("submit", (event) => this.onSubmit(event), { capture: true });
    addEventListener("pageshow", () => (this.isPassing = this.isBusy = false), { signal });
    addEventListener("online", () => this.retry?.("try"), { signal });
    addEventListener("focus", () => this.look(), { signal });
    this.notice?.querySelector("[data-try]").addEventListener("click", () => this.retry?.("try"));
    this.notice?.querySelector("[data-stop]").addEventListener("click", () => this.retry?.("stop"));
  }

  onSubmit(event) {
    if (this.isPassing) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (this.isBusy) this.retry?.("try");
    else this.send(event.submitter);
  }

  async send(submitter) {
    this.isBusy = true;
    submitter?.setAttribute("aria-busy", "true");
    // Whatever is wrong with asking, nobody is kept from saving by it.
    const state = await this.allowed().catch(() => ({}));
    submitter?.removeAttribute("aria-busy");
    this.isBusy = false;
    if (!state) return;
    if (state.csrf_token) for (const input of document.querySelectorAll("input[name=csrf_token]")) input.value = state.csrf_token;
    await this.form.serverDrafts?.settle();
    this.isPassing = true;
    this.form.requestSubmit(submitter);
  }

  // The state under which the form may be sent, or nothing where somebody decided otherwise.
  async allowed() {
    const state = await this.reached();
    if (state) document.dispatchEvent(new CustomEvent("standing", { detail: state }));
    if (state?.read_only) return null;
    if (!state || this.isMine(state)) return state;
    return (await this.dialog?.ask?.(state)) ?? null;
  }

  isMine(state) {
    return state.person === this.form.dataset.person && !state.must_change_password;
  }

  async reached() {
    for (let attempt = 0; ; attempt += 1) {
      const state = await this.ask();
      if (state) {
        this.notice.hidden = true;
        return state;
      }
      this.show();
      if ((await this.wait(TIMES[Math.min(attempt, TIMES.length - 1)])) !== "stop") continue;
      this.notice.hidden = true;
      return null;
    }
  }

  show() {
    this.notice.hidden = false;
  }

  wait(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve("again"), milliseconds);
      this.retry = (wish) => {
        clearTimeout(timer);
        resolve(wish);
      };
    }).finally(() => (this.retry = null));
  }

  async ask() {
    const options = { headers: { "X-Requested-With": "fetch", Accept: "application/json" }, cache: "no-store", signal: AbortSignal.timeout(8000) };
    const response = await fetch(this.form.dataset.sessionUrl, options).catch(() => null);
    const state = response?.ok ? await response.json().catch(() => null) : null;
    return state?.csrf_token ? state : null;
  }

  // Coming back to the window, one is told whose session it is now.
  async look() {
    if (this.isBusy || Date.now() - this.looked < LOOKS_AGAIN || !this.whose) return;
    this.looked = Date.now();
    const state = await this.ask();
    if (!state) return;
    document.dispatchEvent(new CustomEvent("standing", { detail: state }));
    const found = state.person === this.form.dataset.person ? "" : state.person ? "other" : "ended";
    this.whose.hidden = !found;
    this.whose.querySelector("[data-other]").textContent = state.email;
    for (const words of this.whose.querySelectorAll("[data-case]")) words.hidden = words.dataset.case !== found;
  }
}
