// Opens the sheet of keys, by its button or by `?`. It is fetched when it is first asked for.

export function connect(button, signal) {
  const open = async () => {
    const sheet = document.getElementById("shortcuts") ?? (await fetched(button.dataset.url));
    if (sheet?.open) sheet.close();
    else sheet?.showModal();
  };
  button.addEventListener("click", open);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "?" || event.ctrlKey || event.metaKey || event.target.closest("input, select, textarea, [contenteditable]")) return;
    open();
  }, { signal });
}

async function fetched(url) {
  const answer = await fetch(url).catch(() => null);
  if (!answer?.ok) return null;
  const holder = document.createElement("template");
  holder.innerHTML = await answer.text();
  const sheet = holder.content.querySelector("dialog");
  // A second press may have been answered first.
  const there = document.getElementById("shortcuts");
  if (there || !sheet) return there;
  document.body.append(sheet);
  sheet.addEventListener("click", (event) => {
    if (event.target === sheet) sheet.close();
  });
  return sheet;
}
