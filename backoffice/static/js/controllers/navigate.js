// Changes a list in place: links and searches that lead to the same page fetch it and put its list here, with the
// address, the history, the focus and the scroll as a real load would leave them. Anything unexpected is a real load.

const SELECTOR = ".list-page";
// Links that give up what was begun with ticked rows lead back to the list as it was left.
const AS_LEFT = "#as-left", LAST = "list last";
let request = null;
// What this entry of the history is called; its scroll and ticks are kept under that name.
let entry = history.state?.entry;
let shown = "";

export function connect(list, signal) {
  if (!shown) begin(list);
  list.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (link && isPlain(event, link)) take(event, new URL(link.href), link);
  });
  list.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "get" || form.target) return;
    const url = new URL(form.action);
    const pairs = [...new FormData(form, event.submitter)].filter(([, value]) => value !== "");
    url.search = new URLSearchParams(pairs);
    take(event, url, form.contains(document.activeElement) ? document.activeElement : event.submitter);
  });
  addEventListener("popstate", (event) => back(event.state), { signal });
  addEventListener("pagehide", remember, { signal });
}

function begin(list) {
  const isBack = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  const isAsLeft = location.hash === AS_LEFT;
  if (isAsLeft) history.replaceState({ entry: (entry = kept(LAST) ?? newName()) }, "", here());
  if (entry && (isBack || isAsLeft)) restore(list);
  if (!entry) history.replaceState({ ...history.state, entry: (entry = newName()) }, "");
  shown = here();
}

// Something unsaved in the list says so, and the browser then asks in its own way before it leaves.
function mayLeave() {
  return document.querySelector(SELECTOR).dispatchEvent(new Event("leaving", { cancelable: true }));
}

function isPlain(event, link) {
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return false;
  return !link.target && !link.hasAttribute("download") && !link.getAttribute("href").startsWith("#");
}

function take(event, url, control) {
  if (url.origin !== location.origin || url.pathname !== location.pathname || !mayLeave()) return;
  event.preventDefault();
  go(url.href, control);
}

async function go(address, control) {
  const sent = control.value;
  const page = await load(address);
  // Who has opened a dialog meanwhile goes on with that.
  if (!page || isElsewhere(control)) return;
  if (!mayLeave()) return location.assign(page.url);
  remember();
  history.pushState({ entry: (entry = newName()) }, "", page.url);
  const list = put(page);
  scrollTo({ top: 0 });
  focusLike(control, list, sent);
}

function isElsewhere(control) {
  const dialog = document.querySelector(`${SELECTOR} dialog[open]`);
  return dialog !== null && !dialog.contains(control);
}

async function back(state) {
  // Only the part after # is another, or one is back before the other page came.
  if (here() === shown) {
    request?.abort();
    entry = state?.entry ?? entry;
    return;
  }
  if (!mayLeave()) return location.reload();
  remember();
  const wanted = location.href;
  const page = await load(wanted);
  if (!page || location.href !== wanted) return;
  if (!mayLeave()) return location.reload();
  entry = state?.entry ?? newName();
  restore(put(page));
}

// The page with its list, or nothing where the browser is on its way there itself.
async function load(address) {
  request?.abort();
  const mine = (request = new AbortController());
  const root = document.documentElement;
  root.dataset.loading = "";
  try {
    const response = await fetch(address, { headers: { Accept: "text/html" }, signal: mine.signal });
    const isPage = response.headers.get("Content-Type")?.startsWith("text/html");
    const isHere = new URL(response.url).pathname === location.pathname;
    const parsed = isPage && isHere ? new DOMParser().parseFromString(await response.text(), "text/html") : null;
    if (!parsed?.querySelector(SELECTOR)) throw new Error("not a list");
    return { url: response.url, document: parsed };
  } catch {
    if (!mine.signal.aborted) location.assign(address);
    return null;
  } finally {
    if (request === mine) delete root.dataset.loading;
  }
}

function put(page) {
  const list = document.adoptNode(page.document.querySelector(SELECTOR));
  document.querySelector(SELECTOR).replaceWith(list);
  document.title = page.document.title;
  const notes = page.document.querySelector(".toasts");
  if (notes?.querySelector(".toast-note")) document.querySelector(".toasts")?.replaceWith(document.adoptNode(notes));
  shown = here();
  // Where the theme and the language lead back to.
  for (const input of document.querySelectorAll("input[name=next]")) input.value = shown;
  say(list);
  return list;
}

// A screen reader hears how many there are and which of them stand here.
function say(list) {
  const words = [...list.querySelectorAll("[data-count], .pager-where")].map((part) => part.firstChild.textContent.trim());
  setTimeout(() => (document.getElementById("list-status").textContent = words.join(" · ")), 50);
}

// The same control in the new list, so that Next can be pressed again; where it is gone, the rows. What was typed since
// it was sent stays.
function focusLike(control, list, sent) {
  const wanted = sign(control);
  const same = [...list.querySelectorAll(control.tagName)].find((other) => sign(other) === wanted && !other.disabled);
  const target = same ?? list.querySelector(".table-region, .empty, h1");
  if (!same) target?.setAttribute("tabindex", "-1");
  else if (control.value !== sent) same.value = control.value;
  target?.focus({ preventScroll: true });
}

function sign(control) {
  const column = control.closest("th")?.dataset.name ?? "";
  return [control.id, control.name, control.rel, column, column ? "" : control.textContent.trim()].join("|");
}

function here() {
  return location.pathname + location.search;
}

function newName() {
  return String(Math.random()).slice(2);
}

// -- what the history keeps of a list: where it was scrolled to, and what was ticked -------------------------------

function remember() {
  const list = document.querySelector(SELECTOR);
  if (!list) return;
  const ticks = [...list.querySelectorAll("input[name=rowid]:checked")].map((box) => box.value);
  const place = { path: location.pathname, top: scrollY, region: list.querySelector(".table-region")?.scrollTop ?? 0, ticks };
  try {
    sessionStorage.setItem(`list ${entry}`, JSON.stringify(place));
    sessionStorage.setItem(LAST, JSON.stringify(entry));
  } catch {
    // Without storage, or with a full one, one comes back to the top.
  }
}

function restore(list) {
  const place = kept(`list ${entry}`);
  if (place?.path !== location.pathname) return;
  const ticks = new Set(place.ticks);
  for (const box of list.querySelectorAll("input[name=rowid]")) {
    if (ticks.has(box.value) === box.checked) continue;
    box.checked = ticks.has(box.value);
    box.dispatchEvent(new Event("change", { bubbles: true }));
  }
  list.querySelector(".table-region")?.scrollTo({ top: place.region });
  scrollTo({ top: place.top });
}

function kept(name) {
  try {
    return JSON.parse(sessionStorage.getItem(name) ?? "null");
  } catch {
    return null;
  }
}
