// Leads to what is wrong: focus goes to the summary, and from its lines into the fields.

export function connect(summary) {
  if (!document.activeElement?.matches("[role=alert]")) summary.focus();
  summary.addEventListener("click", (event) => {
    const target = document.getElementById(event.target.closest("a[href^='#']")?.hash.slice(1));
    if (!target) return;
    event.preventDefault();
    target.scrollIntoView({ block: "center" });
    target.focus();
  });
}
