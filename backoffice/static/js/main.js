// Looks for elements that ask for a behaviour and loads only what they name.
// A behaviour is told when its element goes: `connect(element, signal)`, and listeners on the document, the window or
// whatever else outlives the element take `{ signal }`, so that none piles up while pages change in place.

const { content: behaviours } = document.querySelector("meta[name=behaviours]");
const connected = new Map();

async function connect(element) {
  if (connected.has(element)) return;
  const going = new AbortController();
  connected.set(element, going);
  const names = element.dataset.controller.split(" ").filter(Boolean);
  const modules = await Promise.all(names.map(load));
  // It may have gone while the modules came.
  for (const module of modules) if (!going.signal.aborted) module.connect(element, going.signal);
}

function load(name) {
  return import(behaviours.replace("?", `${name}.js?`));
}

let connecting = 0;

// `data-connected` tells whoever waits for it, a test say, that all of the page now answers to keys and clicks.
async function connectWithin(root) {
  const elements = [...(root.querySelectorAll?.("[data-controller]") ?? [])];
  if (root.dataset?.controller) elements.unshift(root);
  connecting += 1;
  delete document.documentElement.dataset.connected;
  try {
    await Promise.all(elements.map(connect));
  } finally {
    connecting -= 1;
    if (!connecting) document.documentElement.dataset.connected = "";
  }
}

function disconnectGone() {
  for (const [element, going] of connected) {
    if (element.isConnected) continue;
    connected.delete(element);
    going.abort();
  }
}

connectWithin(document.body);

// What a behaviour puts on the page later may ask for one itself.
new MutationObserver((changes) => {
  for (const change of changes) for (const node of change.addedNodes) connectWithin(node);
  if (changes.some((change) => change.removedNodes.length)) disconnectGone();
}).observe(document.body, { childList: true, subtree: true });
