// In a conflict: whoever goes on typing in a field means their own value of it.

export function connect(conflict, signal) {
  const form = conflict.closest("form");
  form.addEventListener(
    "input",
    (event) => {
      const mine = conflict.querySelector(`[value=mine][data-field="${CSS.escape(event.target.id)}"]`);
      if (mine) mine.checked = true;
    },
    { signal },
  );
}
