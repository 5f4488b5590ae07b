// Keeps the moving part of a job's page true: asks for it again, quickly at first and while the page is looked at.

const PAUSES = [500, 1000, 2000];

export function connect(part, signal) {
  let turn = 0;
  let timer = 0;
  const later = () => (timer = setTimeout(ask, document.hidden ? 10_000 : PAUSES[Math.min(turn++, PAUSES.length - 1)]));

  async function ask() {
    try {
      const answer = await fetch(part.dataset.url, { headers: { "X-Requested-With": "fetch" }, signal });
      if (answer.ok) return replace(await answer.text());
    } catch {
      // No connection just now: the next look may have one.
    }
    if (!signal.aborted) later();
  }

  function replace(html) {
    const answer = new DOMParser().parseFromString(html, "text/html");
    const fresh = answer.querySelector("#job-live");
    if (!fresh || !part.isConnected) return;
    // While a button has the focus only what is around it changes, unless the job has ended.
    if (fresh.dataset.url && part.querySelector(".job-ways")?.contains(document.activeElement)) {
      for (const name of [".job-head", ".job-counts"]) part.querySelector(name)?.replaceWith(fresh.querySelector(name));
      part.querySelector(".job-bar").value = fresh.querySelector(".job-bar").value;
      return later();
    }
    if (fresh.dataset.url) {
      part.replaceChildren(...fresh.childNodes);
      return later();
    }
    part.replaceWith(fresh);
    document.querySelector("#job-facts")?.replaceWith(...answer.querySelectorAll("#job-facts"));
    document.dispatchEvent(new Event("job-ended"));
  }

  signal.addEventListener("abort", () => clearTimeout(timer));
  later();
}
