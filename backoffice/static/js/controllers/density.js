// Moves the rows closer or apart at once and tells the server for the pages to come, also when one leaves right away.

export function connect(form) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const density = event.submitter.value;
    document.documentElement.dataset.density = density;
    for (const button of form.querySelectorAll("[name=density]")) button.setAttribute("aria-pressed", String(button.value === density));
    const body = new FormData(form, event.submitter);
    try {
      await fetch(form.action, { method: "POST", body, headers: { "X-Requested-With": "fetch" }, redirect: "manual", keepalive: true });
    } catch {
      // It holds for this page; the choice is simply not kept.
    }
  });
}
