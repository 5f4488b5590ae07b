// Keeps drafts in this browser: one for each open form, under the person who typed it. Bounded in number, size and age.

const PREFIX = "backoffice.draft|";
const MOST = 40;
const LONGEST = 400_000;
const DAYS = 30;
const SAVED_COOKIE = "saved-drafts";

export function connect(element) {
  forgetSaved();
  element.draftStore = new Store(element.dataset.person);
}

class Store {
  constructor(person) {
    this.start = `${PREFIX}${person}|`;
  }

  // The drafts of one form's name, or all of this person's.
  list(name = "") {
    const start = name ? `${this.start}${name}|` : this.start;
    return keys(start).map(read).filter(Boolean);
  }

  // “kept”, “too-long”, or “nowhere” where the browser refuses.
  keep(draft) {
    const text = JSON.stringify(draft);
    if (text.length > LONGEST) return "too-long";
    const key = `${this.start}${draft.name}|${draft.copy}`;
    this.tidy(key);
    // A full store gives up its oldest drafts, one by one, for the text that is being typed now.
    for (let attempt = 0; attempt < MOST; attempt += 1) {
      try {
        localStorage.setItem(key, text);
        return "kept";
      } catch {
        const [oldest] = byAge(key);
        if (!oldest) return "nowhere";
        localStorage.removeItem(oldest);
      }
    }
    return "nowhere";
  }

  remove(copies) {
    forget(copies);
  }

  tidy(own) {
    const all = byAge(own);
    for (const key of all) if (!read(key)) localStorage.removeItem(key);
    for (const key of all.slice(0, Math.max(0, all.length + 1 - MOST))) localStorage.removeItem(key);
  }
}

// The server says which drafts it has saved, by a cookie that is read once.
function forgetSaved() {
  const found = document.cookie.split("; ").find((pair) => pair.startsWith(`${SAVED_COOKIE}=`));
  if (!found) return;
  forget(found.slice(SAVED_COOKIE.length + 1).split("."));
  document.cookie = `${SAVED_COOKIE}=; path=/; max-age=0; samesite=lax`;
}

function forget(copies) {
  const gone = new Set(copies);
  for (const key of keys(PREFIX)) if (gone.has(key.slice(key.lastIndexOf("|") + 1))) localStorage.removeItem(key);
}

// A browser may refuse even to look.
function keys(start) {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(start));
  } catch {
    return [];
  }
}

// What nobody can read any more, or is too old, counts as gone.
function read(key) {
  try {
    const draft = JSON.parse(localStorage.getItem(key));
    const isOld = !(Date.parse(draft?.at) > Date.now() - DAYS * 24 * 3600 * 1000);
    return draft?.fields && draft.copy && !isOld ? draft : null;
  } catch {
    return null;
  }
}

function byAge(own) {
  const age = (key) => Date.parse(read(key)?.at ?? "") || 0;
  return keys(PREFIX)
    .filter((key) => key !== own)
    .map((key) => [age(key), key])
    .sort(([one], [other]) => one - other)
    .map(([, key]) => key);
}
