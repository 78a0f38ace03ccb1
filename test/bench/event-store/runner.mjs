import { Pages } from '../../../dist/libs/platform/eventing/src/projections/pages.js';
import { projectionSubscriber } from '../../../dist/libs/platform/eventing/src/projections/projection.js';
import { registerBuilds } from '../../../dist/libs/platform/eventing/src/projections/builds.js';
import { TenantUnits } from '../../../dist/libs/platform/eventing/src/projections/tenant-units.js';
import { currentShape } from '../../../dist/libs/platform/eventing/src/eventing-worker.module.js';
import { eventTypes } from '../../../dist/libs/platform/eventing/src/index.js';
import { Databases, UnitOfWork } from '../../../dist/libs/platform/persistence/src/index.js';
import { figure, median } from '../support/figures.mjs';
import { Side } from './cost.mjs';
import { writeHistory } from './history.mjs';
import { foldStock, PROJECTION, READ_MODEL } from './read-model.mjs';
import { defineIn, TYPE } from './workload.mjs';

const EVENTS = Number(process.env.BENCH_RUNNER_EVENTS ?? 200_000);
const ROUNDS = 5;
const NAME = 'bench-runner';

/** What a projection costs: pages read, folded in JavaScript, written and checkpointed by the product's code. */
export async function measureRunner(database) {
  for (const sql of READ_MODEL) await database.run(sql);
  const last = await writeHistory(database.rtUrl, EVENTS);
  const databases = new Databases({
    main: { url: database.workerUrl, max: 1 },
    applicationName: NAME,
    statementTimeoutMs: 60_000,
    acquireTimeoutMs: 60_000,
    slowQueryMs: 60_000,
  });
  const units = new TenantUnits(new UnitOfWork(databases), databases);
  defineIn(eventTypes);
  const pages = new Pages(units, currentShape);
  const options = { name: PROJECTION, version: 1, events: [TYPE], views: ['bench.stock'] };
  const subscriber = projectionSubscriber(options, { apply: foldStock });
  await units.run((unit) => registerBuilds(unit, subscriber, 0));
  const build = { name: PROJECTION, slot: 'a', shard: 0, shards: 1, version: 1 };
  const backends = () => database.backends(NAME);
  const costs = [];
  const seconds = [];
  for (let round = -1; round < ROUNDS; round++) {
    await database.run('truncate bench.stock_a');
    await database.run('update es.projections set position = 0');
    const startedAt = performance.now();
    const catchUp = async () => {
      while ((await pages.run(subscriber, build, { upTo: last, careful: false })) !== undefined);
    };
    const cost = await new Side({ backends, lanes: 1, one: catchUp }).cost(1);
    if (round < 0) continue;
    costs.push(cost / EVENTS);
    seconds.push((performance.now() - startedAt) / 1_000);
  }
  figure('es-projection-event', median(costs), 'us-cpu');
  figure('es-projection-events-per-cpu-second', 1_000_000 / median(costs), 'events', { op: '>=', limit: 100_000 });
  figure('es-projection-events-per-second', EVENTS / median(seconds), 'events');
  await databases.close();
}
