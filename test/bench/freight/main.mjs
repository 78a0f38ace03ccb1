import { measureRetries, measureTakeover } from './engine.mjs';
import { measureFairness } from './fairness.mjs';
import { measureMemory } from './memory.mjs';
import { measureOrder } from './order.mjs';
import { measureReleases } from './releases.mjs';
import { measureStock } from './stock.mjs';

/** `npm run bench -- freight [PART...]`: without parts all of them, each on a database of its own. */
const PARTS = {
  releases: measureReleases,
  stock: measureStock,
  order: measureOrder,
  fairness: measureFairness,
  retries: measureRetries,
  takeover: measureTakeover,
  memory: measureMemory,
};
const wanted = process.argv.slice(2);

for (const [name, measure] of Object.entries(PARTS)) {
  if (wanted.length === 0 || wanted.includes(name)) await measure();
}
