// The indicator of one's own jobs in the frame: asked for only while some are open, and telling when one has ended.

const KEY = "open-job";
const PAUSE = 2000;

export function connect(link, signal) {
  // Drawn here and not on every page that has nothing to tell.
  const list = link.href;
  const turning = document.createElement("span");
  const percent = document.createElement("span");
  turning.className = "turning";
  link.append(turning, percent);
  // The page of a job that has just been started says so.
  const started = document.querySelector(".job-live[data-url]")?.dataset.job;
  if (started) localStorage.setItem(KEY, started);
  let timer = 0;

  async function ask() {
    const known = localStorage.getItem(KEY);
    if (!known) return show([]);
    try {
      const answer = await fetch(`${list}mine/?since=${known}`, { headers: { "X-Requested-With": "fetch" }, signal });
      if (!answer.ok) return;
      const { jobs } = await answer.json();
      const open = jobs.filter((job) => job.open);
      show(open);
      const ended = jobs.find((job) => String(job.id) === known && !job.open);
      if (ended) tell(ended);
      if (open.length) localStorage.setItem(KEY, open[0].id);
      else localStorage.removeItem(KEY);
    } catch {
      // No connection just now.
    }
    if (!signal.aborted && localStorage.getItem(KEY)) timer = setTimeout(ask, document.hidden ? 5 * PAUSE : PAUSE);
  }

  function show(open) {
    link.hidden = !open.length;
    if (!open.length) return;
    link.href = open.length > 1 ? list : open[0].url;
    percent.textContent = `${open[0].percent} %`;
    link.title = open.map((job) => job.title).join("\n");
    link.ariaLabel = `${link.dataset.text}: ${percent.textContent}`;
  }

  // Not on the job's own page, which says it itself.
  function tell(job) {
    if (document.querySelector("#job-live") && location.href.endsWith(`id=${job.id}`)) return;
    const note = document.createElement("div");
    note.className = "toast-note toast-info";
    const words = document.createElement("p");
    const lead = document.createElement("a");
    lead.href = job.url;
    lead.textContent = `${job.title}: ${job.state}`;
    words.append(lead);
    if (job.result) words.append(document.createElement("br"), job.result);
    note.append(words);
    document.querySelector(".toasts")?.dispatchEvent(new CustomEvent("note", { detail: note }));
  }

  // The job's page knows first that it has ended.
  const again = () => {
    clearTimeout(timer);
    ask();
  };
  document.addEventListener("job-ended", again, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
  ask();
}
