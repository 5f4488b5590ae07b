// Narrows the rail to its icons; a cookie lets the server draw the next page that way at once.

export function connect(button) {
  const root = document.documentElement;
  const show = () => button.setAttribute("aria-pressed", String(root.dataset.rail === "narrow"));
  show();
  button.addEventListener("click", () => {
    if (root.dataset.rail === "narrow") delete root.dataset.rail;
    else root.dataset.rail = "narrow";
    document.cookie = `rail=${root.dataset.rail ?? "wide"}; path=/; max-age=31536000; samesite=lax`;
    show();
  });
}
