// Copies a link's address instead of following it, and says so. Where the clipboard is closed, shows the address.

export function connect(link) {
  link.addEventListener("click", async (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    link.closest("details")?.removeAttribute("open");
    const isCopied = (await written(link.href)) || selected(link.href);
    toast(isCopied ? link.dataset.textDone : `${link.dataset.textFailed} ${link.href}`, isCopied, link.dataset.textDismiss);
    link.closest("details")?.querySelector("summary").focus();
  });
}

// Browsers open the clipboard to pages that came over HTTPS or from this machine.
async function written(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

function selected(text) {
  const area = Object.assign(document.createElement("textarea"), { value: text, className: "visually-hidden", readOnly: true });
  document.body.append(area);
  area.select();
  try {
    return document.execCommand("copy");
  } catch {
    return false;
  } finally {
    area.remove();
  }
}

function toast(words, isDone, dismiss) {
  const note = document.createElement("div");
  note.className = `toast-note toast-${isDone ? "success" : "info"}`;
  if (isDone) note.dataset.passing = "";
  const close = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-icon", textContent: "×", ariaLabel: dismiss });
  close.dataset.dismiss = "";
  note.append(Object.assign(document.createElement("p"), { textContent: words }), close);
  document.querySelector(".toasts-list")?.append(note);
}
