// Signing out removes the person's drafts from this browser, and says so before it does.

export function connect(form) {
  const dialog = form.querySelector("dialog");
  form.addEventListener("submit", (event) => {
    const drafts = form.draftStore.list();
    if (!drafts.length) return;
    if (event.submitter?.matches("[data-sign-out]")) return form.draftStore.remove(drafts.map((draft) => draft.copy));
    event.preventDefault();
    const lines = drafts.slice(0, 5).map((draft) => Object.assign(document.createElement("li"), { textContent: line(draft) }));
    dialog.querySelector(".sign-out-drafts").replaceChildren(...lines);
    dialog.showModal();
  });
  // Escape closes the question, not the menu around it.
  dialog.addEventListener("keydown", (event) => event.stopPropagation());
  dialog.querySelector("[data-stay]").addEventListener("click", () => dialog.close());
}

function line(draft) {
  const at = new Intl.DateTimeFormat(document.documentElement.lang || undefined, { dateStyle: "medium", timeStyle: "short" }).format(new Date(draft.at));
  const words = draft.title || Object.values(draft.fields).flat().find(Boolean) || "";
  return words ? `${words.slice(0, 80)} · ${at}` : at;
}
