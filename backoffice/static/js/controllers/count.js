// Counts exactly on request: a list itself never waits for a count.

export function connect(button) {
  button.addEventListener("click", async () => {
    if (button.ariaBusy) return;
    button.ariaBusy = "true";
    const response = await fetch(button.dataset.url, { headers: { Accept: "application/json", "X-Requested-With": "fetch" } }).catch(() => null);
    const answer = await response?.json().catch(() => null);
    button.ariaBusy = null;
    if (!response?.ok || !answer) return tell(button, answer?.error ?? button.dataset.textFailed);
    const line = button.closest(".list-page, .relation").querySelector("[data-count]");
    line.dataset.count = answer.count;
    line.dataset.countKind = "exact";
    line.textContent = answer.text;
    const where = button.parentElement;
    where.firstChild.data = where.firstChild.data.replace(button.dataset.total, () => answer.amount);
    document.getElementById("list-status").textContent = answer.text;
    button.remove();
    where.tabIndex = -1;
    return where.focus();
  });
}

// What went wrong stands where the button was, and is heard.
function tell(button, words) {
  const told = Object.assign(document.createElement("span"), { role: "status", tabIndex: -1 });
  button.replaceWith(told);
  told.textContent = words;
  told.focus();
}
