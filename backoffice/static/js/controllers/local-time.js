// Writes times in the zone and the language of whoever reads; the exact UTC stays on hover.

const DAY = { month: "short", day: "numeric", hour: "numeric", minute: "2-digit" };

export function connect(root, signal) {
  // Filters that say “today” or “last 7 days” mean the days of whoever asks.
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  if (timeZone) document.cookie = `zone=${timeZone}; path=/; max-age=31536000; samesite=lax`;
  const language = document.documentElement.lang || undefined;
  const thisYear = new Date().getFullYear();
  const short = new Intl.DateTimeFormat(language, DAY);
  const full = new Intl.DateTimeFormat(language, { ...DAY, year: "numeric" });

  const write = (element) => {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.getTime())) return;
    // In a list the present year goes without saying.
    const format = element.closest(".records") && moment.getFullYear() === thisYear ? short : full;
    element.title = `${element.dateTime.replace("T", " ").replace("Z", "")} UTC`;
    element.textContent = format.format(moment);
  };
  const writeWithin = (part) => part.querySelectorAll?.("time[datetime$='Z']").forEach(write);
  writeWithin(root);
  // Lists change in place, and so do their cells.
  const watch = new MutationObserver((changes) => {
    for (const change of changes) for (const node of change.addedNodes) if (node.matches?.("time[datetime$='Z']")) write(node); else writeWithin(node);
  });
  watch.observe(root, { childList: true, subtree: true });
  signal.addEventListener("abort", () => watch.disconnect());
}
