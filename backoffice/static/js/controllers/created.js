// Hands the new record to the picker it was made for, and closes the window once that has taken it.

export function connect(element, signal) {
  const { into, id, label, textChosen } = element.dataset;
  const channel = new BroadcastChannel("created");
  channel.addEventListener("message", ({ data }) => {
    if (data.taken !== into) return;
    element.querySelector("[role=status]").textContent = textChosen;
    close();
  });
  channel.postMessage({ into, id, label });
  signal.addEventListener("abort", () => channel.close());
}
