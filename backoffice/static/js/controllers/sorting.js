// Shift and a click on a column's head: sorts by it as well, then the other way round, then no longer.

export function connect(list) {
  list.addEventListener(
    "click",
    (event) => {
      const link = event.target.closest("a.sort");
      if (!link || !event.shiftKey || event.button || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      const before = link.getAttribute("href");
      const address = new URL(link.href);
      address.searchParams.set("sort", following(list.dataset.sort, link.closest("th").dataset.name));
      link.href = address.href;
      // A plain click on the same link goes wherever links of this list go.
      link.click();
      link.setAttribute("href", before);
    },
    { capture: true },
  );
}

function following(order, name) {
  const keys = order ? order.split(",") : [];
  const at = keys.findIndex((key) => key.replace(/^-/, "") === name);
  if (at < 0) keys.push(name);
  else if (!keys[at].startsWith("-")) keys[at] = `-${name}`;
  else if (keys.length > 1) keys.splice(at, 1);
  else keys[at] = name;
  return keys.join(",");
}
