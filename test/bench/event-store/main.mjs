import { runInContext } from '../../../dist/libs/platform/telemetry/src/index.js';
import { measureAppends } from './appends.mjs';
import { prepareDatabase } from './database.mjs';
import { measureFeed } from './feed.mjs';
import { measureRebuild } from './rebuild.mjs';
import { measureRunner } from './runner.mjs';
import { context } from './workload.mjs';

/** `npm run bench -- event-store [PART...]`: without parts all of them, each on a database of its own. */
const PARTS = {
  appends: measureAppends,
  runner: measureRunner,
  feed: measureFeed,
  rebuild: measureRebuild,
  // Loaded last: Emmett replaces the driver's parsers for the whole process.
  emmett: async (database) => (await import('./beside-emmett.mjs')).measureBesideEmmett(database),
};
const wanted = process.argv.slice(2);

for (const [name, measure] of Object.entries(PARTS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const database = await prepareDatabase();
  try {
    await runInContext(context, () => measure(database));
  } finally {
    await database.drop();
  }
}
