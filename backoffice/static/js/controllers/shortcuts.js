// Opens the sheet of keys, by its button or by `?`.

export function connect(button) {
  const sheet = document.getElementById(button.getAttribute("aria-controls"));
  button.addEventListener("click", () => sheet.showModal());
  document.addEventListener("keydown", (event) => {
    if (event.key !== "?" || event.ctrlKey || event.metaKey || event.target.closest("input, select, textarea, [contenteditable]")) return;
    if (sheet.open) sheet.close();
    else sheet.showModal();
  });
  sheet.addEventListener("click", (event) => {
    if (event.target === sheet) sheet.close();
  });
}
