import { figure, median } from '../support/figures.mjs';
import { Copied } from './copied.mjs';
import { compare, report, Side } from './cost.mjs';
import { Ours, Raw } from './sides.mjs';
import { documented, event, newStream, stock } from './workload.mjs';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 9);
const APPENDS = Number(process.env.BENCH_APPENDS ?? 2_000);
const PAGE = 1_000;
const LANES = 8;

/** What appends and reads of a stream cost, beside a raw prepared insert. */
export async function measureAppends(database) {
  const [ours, raw] = [new Ours(database.rtUrl, LANES), new Raw(database.rtUrl, LANES)];
  const copied = await Copied.open(database.rtUrl);
  const side = (of, one, lanes = LANES) => new Side({ backends: () => database.backends(of.name), lanes, one });
  const many = { rounds: ROUNDS, count: APPENDS };
  const few = { rounds: ROUNDS, count: 20 };
  try {
    const insert = side(raw, raw.inserting(1));
    report('es-append', await compare(side(ours, ours.appending(1)), insert, many), {
      goal: { op: '<=', limit: 1.5 },
    });
    report('es-append-state-outbox', await compare(side(ours, ours.appendingAll()), insert, many), {
      goal: { op: '<=', limit: 1.8 },
    });
    const inUnits = await compare(side(ours, ours.appending(1)), side(ours, ours.insertingInUnits()), many);
    figure('es-append-to-insert-in-unit', median(inUnits.map(([a, b]) => a / b)), 'ratio');
    report('es-change', await compare(side(ours, ours.changing({})), insert, many));
    report('es-change-locked', await compare(side(ours, ours.changing({ lock: true })), insert, many));

    const insertPage = side(raw, raw.inserting(PAGE, 1), 1);
    const appendPage = side(ours, ours.appending(PAGE, 1), 1);
    report('es-append-1000', await compare(appendPage, insertPage, few), {
      pieces: PAGE,
      goal: { op: '<=', limit: 1.1 },
    });
    report('es-append-1000-copy', await compare(appendPage, side(copied, copied.copying(PAGE), 1), few), {
      pieces: PAGE,
      other: 'copy',
    });
    report('es-begin-1000', await compare(side(ours, ours.beginning(PAGE), 1), insertPage, few), { pieces: PAGE });
    await measureReads({ ours, raw, side });
  } finally {
    await Promise.all([ours, raw, copied].map((one) => one.close()));
  }
}

/** A stream of 1,000 events: by one row, by a row for each event, and by its state document. */
async function measureReads({ ours, raw, side }) {
  const reads = { rounds: ROUNDS, count: 50 };
  const long = newStream();
  const history = Array.from({ length: PAGE - 1 }, () => event);
  await ours.store.append(long.stream, history, { expected: 'none' });
  await ours.store.change(long.stream, documented, () => [event]);
  const oneRow = side(ours, ours.loading(long, stock), 1);
  report('es-rehydrate-1000', await compare(oneRow, side(raw, raw.folding(long), 1), reads));
  const byDocument = await compare(side(ours, ours.loading(long, documented), 1), oneRow, reads);
  figure('es-rehydrate-state-document', median(byDocument.map(([a]) => a)), 'us-cpu', { op: '<=', limit: 500 });
}
