// Looks for elements that ask for a behaviour and loads only what they name.

const links = document.querySelectorAll("link[rel=modulepreload][data-name]");
const addresses = new Map([...links].map((link) => [link.dataset.name, link.href]));

async function connect(element) {
  const names = element.dataset.controller.split(" ").filter(Boolean);
  const modules = await Promise.all(names.map((name) => import(addresses.get(name))));
  for (const module of modules) module.connect(element);
}

function connectWithin(root) {
  const elements = [...(root.querySelectorAll?.("[data-controller]") ?? [])];
  if (root.dataset?.controller) elements.unshift(root);
  return Promise.all(elements.map(connect));
}

// Tells whoever waits for it, a test say, that the page now answers to keys and clicks.
connectWithin(document.body).then(() => (document.documentElement.dataset.connected = ""));

// What a behaviour puts on the page later may ask for one itself.
new MutationObserver((changes) => {
  for (const change of changes) for (const node of change.addedNodes) connectWithin(node);
}).observe(document.body, { childList: true, subtree: true });
