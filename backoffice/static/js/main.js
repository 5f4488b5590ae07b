// Looks for elements that ask for a behaviour and loads only what they name.

const addresses = JSON.parse(document.body.dataset.modules);

async function connect(element) {
  for (const name of element.dataset.controller.split(" ").filter(Boolean)) {
    const module = await import(new URL(addresses[name], location.href).href);
    module.connect(element);
  }
}

function connectWithin(root) {
  if (root.dataset?.controller) connect(root);
  root.querySelectorAll?.("[data-controller]").forEach(connect);
}

connectWithin(document.body);

// What a behaviour puts on the page later may ask for one itself.
new MutationObserver((changes) => {
  for (const change of changes) for (const node of change.addedNodes) if (!node.dataset?.ready) connectWithin(node);
}).observe(document.body, { childList: true, subtree: true });
