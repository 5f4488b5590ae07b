// Makes a related record in a window of its own and chooses it here: what was typed in this form stays as it is.

export function connect(element, signal) {
  const link = element.querySelector("[data-create]");
  const picker = element.querySelector(".picker");
  // Told apart from every other picker of every other window.
  const into = `picker-${Math.random().toString(36).slice(2)}`;
  let typed = "";

  element.addEventListener("input", (event) => event.target.matches("[role=combobox]") && (typed = event.target.value.trim()));
  // The box itself changes too, when it is left: what counts is that a record was chosen.
  element.addEventListener("change", (event) => event.target.type === "hidden" && (typed = ""));
  link.addEventListener("click", () => {
    const url = new URL(link.href);
    url.searchParams.set("into", into);
    if (typed) url.searchParams.set("text", typed);
    else url.searchParams.delete("text");
    link.href = url.href;
  });

  const channel = new BroadcastChannel("created");
  channel.addEventListener("message", ({ data }) => {
    if (data.into !== into || !data.id) return;
    picker.dispatchEvent(new CustomEvent("choose", { detail: { id: data.id, label: data.label } }));
    picker.querySelector("[role=combobox]")?.focus();
    channel.postMessage({ taken: into });
  });
  signal.addEventListener("abort", () => channel.close());
}
