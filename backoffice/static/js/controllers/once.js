// Sends a form once, however often it is clicked.

export function connect(form, signal) {
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) return event.preventDefault();
    sent = true;
    event.submitter?.setAttribute("aria-busy", "true");
  });
  // Coming back to the page from history makes it ready again.
  addEventListener("pageshow", ready, { signal });
  function ready() {
    sent = false;
    for (const control of form.elements) control.removeAttribute("aria-busy");
  }
}
