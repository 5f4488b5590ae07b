// Writes times in the zone and the language of whoever reads; the exact UTC stays on hover.

const DAY = { month: "short", day: "numeric", hour: "numeric", minute: "2-digit" };

export function connect(root) {
  const language = document.documentElement.lang || undefined;
  const thisYear = new Date().getFullYear();
  const short = new Intl.DateTimeFormat(language, DAY);
  const full = new Intl.DateTimeFormat(language, { ...DAY, year: "numeric" });
  for (const element of root.querySelectorAll("time.value-time[datetime$='Z']")) {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    // In a list the present year goes without saying.
    const format = element.closest(".records") && moment.getFullYear() === thisYear ? short : full;
    element.title = `${element.dateTime.replace("T", " ").replace("Z", "")} UTC`;
    element.textContent = format.format(moment);
  }
}
