// Fetches weights and runs the network, away from the page.
import { load, normalized, read, run, softmax } from "./network.js";

const networks = new Map();

async function fetched(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return load(await answer.arrayBuffer());
}

function network(url) {
  if (!networks.has(url)) {
    networks.set(url, fetched(url));
    networks.get(url).catch(() => networks.delete(url)); // so that another try fetches again
  }
  return networks.get(url);
}

onmessage = async ({ data: { id, url, pixels, side } }) => {
  try {
    const found = await network(url);
    const start = performance.now();
    const steps = [...run(found, normalized(pixels, found), side)];
    const { width } = found.options;
    for (const step of steps) {
      step.probabilities = softmax(step.logits ?? read(found.head, step.tokens, width).logits);
    }
    const { options, classes } = found;
    const buffers = steps.map((step) => (step.tokens ?? step.shares).buffer);
    postMessage({ id, options, classes, steps, milliseconds: performance.now() - start }, buffers);
  } catch (error) {
    postMessage({ id, error: String(error) });
  }
};
