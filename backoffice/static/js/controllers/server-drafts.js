// Sends drafts to the server, where a view keeps them, so that they are found on another machine. What fails here is
// still in the browser.

const FIRST = 1500;
const BETWEEN = 5000;

export function connect(form, signal) {
  if (form.dataset.keepUrl) form.serverDrafts = new ServerDrafts(form, signal);
}

class ServerDrafts {
  constructor(form, signal) {
    Object.assign(this, { form, timer: 0, waiting: null, kept: "", last: 0, running: Promise.resolve(), tell: () => {} });
    addEventListener("pagehide", () => this.leave(), { signal });
    addEventListener("pageshow", () => (this.isSettled = false), { signal });
    addEventListener("online", () => this.waiting && this.plan(), { signal });
  }

  onState(tell) {
    this.tell = tell;
  }

  async list() {
    const response = await fetch(this.form.dataset.draftUrl, { headers: ASKED }).catch(() => null);
    const told = response?.ok ? await response.json().catch(() => null) : null;
    return told?.drafts ?? [];
  }

  keep(draft, replaces) {
    if (this.isSettled) return;
    this.waiting = { draft, replaces: [...replaces] };
    this.plan();
  }

  // Everything was taken back in the form: then there is nothing to keep.
  forget(copy, adopted) {
    this.waiting = null;
    if (this.kept || adopted.length) this.discard([copy, ...adopted]);
    this.kept = "";
  }

  discard(copies) {
    this.running = this.running.then(() => this.post(this.form.dataset.discardUrl, { copies: copies.join(",") }));
  }

  plan() {
    this.timer ||= setTimeout(() => this.send(), Math.max(FIRST, this.last + BETWEEN - Date.now()));
  }

  send() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.running = this.running.then(() => this.sendNow());
    return this.running;
  }

  async sendNow() {
    const sent = this.waiting;
    if (!sent || this.isSettled) return;
    this.waiting = null;
    this.last = Date.now();
    const response = await this.post(this.form.dataset.keepUrl, this.body(sent));
    const told = await response?.json().catch(() => null);
    if (response?.ok && told?.saved_at) {
      this.kept = sent.draft.copy;
      this.tell("server", told.saved_at);
    } else if (response?.status === 409) this.tell("elsewhere", sent.draft.at);
    // Without a connection it is tried again with the next letter, or when there is one.
    else if (!response) this.waiting ??= sent;
  }

  body({ draft, replaces }) {
    return { id: this.form.dataset.record, draft: JSON.stringify(draft), replaces: replaces.join(",") };
  }

  post(url, pairs, options = {}) {
    const body = new FormData();
    body.set("csrf_token", this.form.elements.csrf_token.value);
    for (const [name, value] of Object.entries(pairs)) body.set(name, value);
    return fetch(url, { method: "POST", body, headers: ASKED, ...options }).catch(() => null);
  }

  // Before a save: what is under way has arrived, and nothing comes after it.
  async settle() {
    this.isSettled = true;
    clearTimeout(this.timer);
    this.timer = 0;
    await Promise.race([this.running, new Promise((resolve) => setTimeout(resolve, 3000))]);
  }

  // A browser takes a request along that is smaller than 64 KiB; the rest is in the browser.
  leave() {
    if (!this.waiting || this.isSettled) return;
    const pairs = this.body(this.waiting);
    if (pairs.draft.length < 20_000) this.post(this.form.dataset.keepUrl, pairs, { keepalive: true });
  }
}

const ASKED = { "X-Requested-With": "fetch", Accept: "application/json" };
