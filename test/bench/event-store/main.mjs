import { runInContext } from '../../../dist/libs/platform/telemetry/src/index.js';
import { figure, median } from '../support/figures.mjs';
import { compare, Side } from './cost.mjs';
import { prepareDatabase } from './database.mjs';
import { Ours, Raw } from './sides.mjs';
import { context, documented, event, newStream, stock } from './workload.mjs';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 9);
const APPENDS = Number(process.env.BENCH_APPENDS ?? 2_000);
const PAGE = 1_000;
const LANES = 8;

/** Prints both costs per piece and their ratio; the ratio is that of neighbouring runs. */
function report(name, pairs, { pieces = 1, goal } = {}) {
  figure(`${name}-ours`, median(pairs.map(([a]) => a / pieces)), 'us-cpu');
  figure(`${name}-raw`, median(pairs.map(([, b]) => b / pieces)), 'us-cpu');
  figure(`${name}-ratio`, median(pairs.map(([a, b]) => a / b)), 'ratio', goal);
}

async function main() {
  const database = await prepareDatabase();
  const [ours, raw] = [new Ours(database.rtUrl, LANES), new Raw(database.rtUrl, LANES)];
  const side = (of, one, lanes = LANES) => new Side({ backends: () => database.backends(of.name), lanes, one });
  const many = { rounds: ROUNDS, count: APPENDS };
  const few = { rounds: ROUNDS, count: 20 };
  try {
    const insert = side(raw, raw.inserting(1));
    report('es-append', await compare(side(ours, ours.appending(1)), insert, many), { goal: { op: '<=', limit: 1.5 } });
    report('es-append-state-outbox', await compare(side(ours, ours.appendingAll()), insert, many), {
      goal: { op: '<=', limit: 1.8 },
    });
    const inUnits = await compare(side(ours, ours.appending(1)), side(ours, ours.insertingInUnits()), many);
    figure('es-append-to-insert-in-unit', median(inUnits.map(([a, b]) => a / b)), 'ratio');
    report('es-change', await compare(side(ours, ours.changing({})), insert, many));
    report('es-change-locked', await compare(side(ours, ours.changing({ lock: true })), insert, many));

    const insertPage = side(raw, raw.inserting(PAGE, 1), 1);
    report('es-append-1000', await compare(side(ours, ours.appending(PAGE, 1), 1), insertPage, few), {
      pieces: PAGE,
      goal: { op: '<=', limit: 1.1 },
    });
    report('es-begin-1000', await compare(side(ours, ours.beginning(PAGE), 1), insertPage, few), { pieces: PAGE });

    const long = newStream();
    const history = Array.from({ length: PAGE - 1 }, () => event);
    await ours.store.append(long.stream, history, { expected: 'none' });
    await ours.store.change(long.stream, documented, () => [event]);
    const rows = side(raw, raw.folding(long), 1);
    report(
      'es-rehydrate-1000',
      await compare(side(ours, ours.loading(long, stock), 1), rows, { rounds: ROUNDS, count: 50 }),
    );
    const document = await compare(side(ours, ours.loading(long, documented), 1), rows, { rounds: ROUNDS, count: 50 });
    figure('es-rehydrate-state-document', median(document.map(([a]) => a)), 'us-cpu', { op: '<=', limit: 500 });
  } finally {
    await ours.close();
    await raw.close();
    await database.drop();
  }
}

await runInContext(context, main);
