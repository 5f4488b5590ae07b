// Opens the builder of a list's filter in place of the page that adds one condition, and sends what was built.

export function connect(link, signal) {
  const list = link.closest(".list-page, .relation");
  let dialog = null;

  const open = async (index) => {
    if (link.hasAttribute("aria-busy")) return;
    link.setAttribute("aria-busy", "true");
    try {
      dialog ??= await load(link);
    } finally {
      link.removeAttribute("aria-busy");
    }
    if (!dialog || signal.aborted) return;
    const tree = dialog.querySelector(".filter-tree");
    forget(dialog.querySelector("form"));
    tree.opened = index;
    if (!dialog.isConnected) link.after(dialog);
    dialog.showModal();
    tree.dispatchEvent(new CustomEvent("opened", { detail: index }));
  };
  // The link leads to a page that does the same: where the builder cannot be had, that is where one goes.
  const take = (event) => {
    const chosen = event.target.closest("[data-filter], [data-filter-item]");
    if (!chosen || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(Number(chosen.dataset.filterItem ?? -1)).catch(() => location.assign(link.href));
  };
  link.addEventListener("click", take, { signal });
  list?.querySelector(".pills")?.addEventListener("click", take, { signal });
}

async function load(link) {
  const answer = await ask(link.href);
  if (!answer.ok) throw new Error(String(answer.status));
  return draw(link, await answer.json());
}

function ask(address) {
  return fetch(address, { headers: { Accept: "application/json", "X-Requested-With": "fetch" } });
}

function draw(link, told) {
  const { texts } = told;
  const address = new URL(new URL(link.href).searchParams.get("list"), location.origin);
  const dialog = make("dialog", { className: "sheet filter-dialog" });
  dialog.setAttribute("aria-label", texts.title);
  const form = make("form", { className: "filter-form", method: "get", action: address.pathname, noValidate: true });
  const wrong = make("p", { className: "filter-wrong", id: "filter-wrong", role: "alert" });
  const cancel = make("button", { type: "button", className: "btn btn-plain", textContent: texts.cancel });
  const clear = make("button", { type: "button", className: "btn btn-plain filter-clear", textContent: texts.clear });
  const foot = make("div", { className: "filter-foot" });
  foot.append(make("button", { className: "btn btn-primary", id: "filter-apply", textContent: texts.apply }), cancel, clear);
  const tree = make("div", { className: "filter-tree" });
  tree.dataset.controller = "operands builder";
  tree.told = told;
  form.append(make("h2", { className: "panel-title", textContent: texts.title }), tree, wrong, foot);
  dialog.append(form);

  cancel.addEventListener("click", () => dialog.close());
  clear.addEventListener("click", () => tree.dispatchEvent(new Event("clear")));
  form.addEventListener("input", () => (wrong.textContent = ""));
  form.addEventListener("submit", (event) => {
    if (form.dataset.checked) return;
    event.preventDefault();
    event.stopPropagation();
    send(link, address, form, tree, wrong, dialog);
  });
  return dialog;
}

// What is plainly wrong is told at once, the rest by the server; either way nothing that was built is lost.
async function send(link, address, form, tree, wrong, dialog) {
  const built = tree.read();
  if (built.problem) return (wrong.textContent = built.problem);
  const asked = new URL(address);
  if (built.where) asked.searchParams.set("where", JSON.stringify(built.where));
  else asked.searchParams.delete("where");
  const check = new URL(link.href);
  check.searchParams.set("list", asked.pathname + asked.search);
  const answer = await ask(check).catch(() => null);
  // Who has closed it meanwhile wants it no more.
  if (!dialog.open) return;
  if (!answer?.ok) {
    const told = await answer?.json().catch(() => null);
    return (wrong.textContent = told?.error ?? tree.told.texts.failed);
  }
  forget(form);
  for (const [name, value] of asked.searchParams) form.append(make("input", { type: "hidden", name, value }));
  form.dataset.checked = "yes";
  dialog.close();
  form.requestSubmit(form.querySelector("#filter-apply"));
}

// What was sent before stays in the form where the list that it asked for never came.
function forget(form) {
  delete form.dataset.checked;
  for (const input of form.querySelectorAll(":scope > input[type=hidden]")) input.remove();
}

function make(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}
