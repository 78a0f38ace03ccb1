import { setTimeout as sleep } from 'node:timers/promises';
import { Readable } from 'node:stream';
import '#libs/inventory';
import { EventStore, streamId } from '#platform/eventing';
import { newUuid } from '#platform/kernel';
import { eventTypes } from '../../../dist/libs/platform/eventing/src/core/event-registry.js';
import { InlineProjections } from '../../../dist/libs/platform/eventing/src/store/inline-projections.js';
import { Ours } from '../event-store/sides.mjs';
import { figure, median } from '../support/figures.mjs';
import { cpuOf, Installation, used } from './installation.mjs';

const ROWS = Number(process.env.BENCH_ITEMS ?? 100_000);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const CALL = 1_000;
const RELEASES = {
  source: 'bench',
  release: { externalId: { column: 'id' }, title: { column: 'title' }, productType: { constant: 'record' } },
};
const ITEMS = {
  source: 'bench',
  release: { externalId: { column: 'id' } },
  stock: { mediaGrade: { column: 'grade' }, price: { column: 'price' } },
};
const GRADES = ['NM', 'VG+', 'VG', 'M'];

/** A file of so many releases, with a grade and a price for one copy of each. */
function* generate() {
  yield Buffer.from('id,title,grade,price\n');
  for (let from = 1; from <= ROWS; from += CALL) {
    const rows = Array.from({ length: Math.min(CALL, ROWS - from + 1) }, (_, index) => from + index);
    yield Buffer.from(rows.map((row) => `g${row},Title ${row},${GRADES[row % 4]},${1 + (row % 90)}.50\n`).join(''));
  }
}

async function run(installation, store, uploadId, mapping) {
  const before = await installation.cpu();
  const id = await installation.startJob(store, uploadId, { mapping, currency: 'EUR' });
  let job;
  do {
    await sleep(200);
    job = await installation.job(store, id);
  } while (!['completed', 'completed_with_errors', 'failed'].includes(job.state));
  if (job.counts.created !== ROWS) throw new Error(`the import ${job.state}: ${JSON.stringify(job)}`);
  const { node, database } = used(before, await installation.cpu());
  return { node: node / ROWS, database: database / ROWS };
}

/**
 * Appends the events of a store's items once more, each to a stream of its own, by nothing but the bulk append as the product calls
 * it: every event is checked by its schema; no read model is written.
 */
async function appendAgain(installation, { tenantId }) {
  const events = await installation.database.run(
    `select type, data from es.events where tenant_id = $1 and type like 'inventory.%' order by position`,
    [tenantId],
  );
  const ours = new Ours(installation.database.rtUrl, 1);
  const other = newUuid();
  const store = new EventStore(ours.log, new InlineProjections(), eventTypes);
  const append = (some) =>
    store.appendBulk(
      some.map((event) => ({ stream: streamId('bench.item', other, newUuid()), events: [event] })),
      { expected: 'none' },
    );
  await append(events.slice(0, 1));
  const [pid] = await installation.database.backends(ours.name);
  const [cpu, database] = [process.cpuUsage(), cpuOf(pid)];
  for (let from = 0; from < events.length; from += CALL) await append(events.slice(from, from + CALL));
  const { user, system } = process.cpuUsage(cpu);
  const micros = (user + system + cpuOf(pid) - database) / events.length;
  await ours.close();
  return { micros, events: events.length };
}

/** Copies of known releases through the queue as stock items with their streams, beside the bare bulk append of the same events. */
export async function measureStock() {
  const installation = await Installation.start({ workers: 2, concurrency: 2 });
  try {
    const rounds = [];
    for (let round = 0; round < ROUNDS; round++) {
      const store = installation.newStore();
      const uploadId = await installation.upload(store, Readable.from(generate()));
      await run(installation, store, uploadId, RELEASES);
      const ours = await run(installation, store, uploadId, ITEMS);
      rounds.push({ ...ours, bare: await appendAgain(installation, store) });
    }
    figure('freight-stock-node', median(rounds.map(({ node }) => node)), 'us-cpu');
    figure('freight-stock-database', median(rounds.map(({ database }) => database)), 'us-cpu');
    figure('freight-stock-append', median(rounds.map(({ bare }) => bare.micros)), 'us-cpu');
    figure('freight-stock-events', Math.min(...rounds.map(({ bare }) => bare.events)), 'events');
    const ratios = rounds.map(({ node, database, bare }) => (node + database) / bare.micros);
    figure('freight-stock-ratio', median(ratios), 'ratio', { op: '<=', limit: 3 });
  } finally {
    await installation.stop();
  }
}
