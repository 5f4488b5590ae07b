// Opens in a dialog what a link of the list leads to: `data-dialog` names the part of that page. The dialog is a part
// of the list, so what is sent from it changes the list in place as any of its links does.

export function connect(list) {
  list.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-dialog]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (link.ariaBusy) return;
    link.ariaBusy = "true";
    const part = await fetchPart(link);
    link.ariaBusy = null;
    // Signed out, or no connection: the browser shows what there is to say.
    if (!part) location.assign(link.href);
    else if (list.isConnected) open(part, link, list);
  });
}

async function fetchPart(link) {
  try {
    const response = await fetch(link.href, { headers: { Accept: "text/html" } });
    if (!response.ok) return null;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    return page.getElementById(link.dataset.dialog);
  } catch {
    return null;
  }
}

function open(part, opener, list) {
  const dialog = document.createElement("dialog");
  dialog.className = "sheet view-dialog";
  dialog.setAttribute("aria-labelledby", part.getAttribute("aria-labelledby"));
  dialog.append(document.adoptNode(part), makeClose(list.dataset.textClose));
  // Beside it, and pressed there, too: whoever marks a text may let go of it outside.
  let isBeside = false;
  dialog.addEventListener("pointerdown", (event) => (isBeside = event.target === dialog));
  dialog.addEventListener("click", (event) => {
    if (!(event.target === dialog && isBeside) && !event.target.closest("[data-cancel]")) return;
    event.preventDefault();
    dialog.close();
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    const menu = opener.closest("details");
    (menu && !menu.open ? menu.querySelector("summary") : opener).focus();
  });
  list.append(dialog);
  dialog.showModal();
}

function makeClose(text) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-icon";
  button.dataset.cancel = "";
  button.setAttribute("aria-label", text);
  button.textContent = "×";
  return button;
}
