// Writes times in the zone and the language of whoever reads; the exact UTC stays on hover.

export function connect(root) {
  const format = new Intl.DateTimeFormat(document.documentElement.lang || undefined, { dateStyle: "medium", timeStyle: "short" });
  const zone = new Intl.DateTimeFormat("en", { timeZoneName: "short" }).resolvedOptions().timeZone;
  for (const element of root.querySelectorAll("time.value-time[datetime$='Z']")) {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    element.title = `${element.dateTime.replace("T", " ").replace("Z", " UTC")} · ${zone}`;
    element.textContent = format.format(moment);
  }
}
