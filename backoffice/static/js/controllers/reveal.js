// Shows a password while it is typed, and hides it again before it is sent.

export function connect(element) {
  const input = element.querySelector("input");
  const button = element.querySelector("button");
  const show = (visible) => {
    input.type = visible ? "text" : "password";
    button.setAttribute("aria-pressed", String(visible));
  };
  button.addEventListener("click", () => show(input.type === "password"));
  input.form?.addEventListener("submit", () => show(false));
}
