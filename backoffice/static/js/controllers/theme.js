// Changes the colours at once and tells the server for the pages to come, also when one leaves right away.

export function connect(form) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const theme = event.submitter.value;
    show(theme);
    const body = new FormData(form, event.submitter);
    try {
      await fetch(form.action, { method: "POST", body, headers: { "X-Requested-With": "fetch" }, redirect: "manual", keepalive: true });
    } catch {
      // The colours hold for this page; the choice is simply not kept.
    }
  });
}

function show(theme) {
  const root = document.documentElement;
  root.dataset.theme = theme;
  if (theme === "auto") delete root.dataset.bsTheme;
  else root.dataset.bsTheme = theme;
  document.querySelector("meta[name=color-scheme]").content = theme === "auto" ? "light dark" : theme;
  for (const button of document.querySelectorAll("button[name=theme]")) {
    button.setAttribute("aria-pressed", String(button.value === theme));
  }
}
