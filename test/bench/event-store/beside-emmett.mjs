import { compare, report, Side } from './cost.mjs';
import { Emmett } from './emmett.mjs';
import { Ours } from './sides.mjs';
import { event, newStream, stock } from './workload.mjs';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 9);
const APPENDS = Number(process.env.BENCH_APPENDS ?? 2_000);
const PAGE = 1_000;
const LANES = 8;

/** What the same costs with the published TypeScript store: an append, 1,000 events in one call, a stream of 1,000. */
export async function measureBesideEmmett(database) {
  const [ours, emmett] = [new Ours(database.rtUrl, LANES), await Emmett.open(database, LANES)];
  const side = (of, one, lanes = LANES) => new Side({ backends: () => database.backends(of.name), lanes, one });
  const how = { other: 'emmett', inverse: true };
  try {
    const one = await compare(side(ours, ours.appending(1)), side(emmett, emmett.appending(1)), {
      rounds: ROUNDS,
      count: APPENDS,
    });
    report('es-beside-emmett-append', one, { ...how, goal: { op: '>=', limit: 2 } });
    const page = await compare(side(ours, ours.appending(PAGE, 1), 1), side(emmett, emmett.appending(PAGE, 1), 1), {
      rounds: ROUNDS,
      count: 20,
    });
    report('es-beside-emmett-append-1000', page, { ...how, pieces: PAGE });
    const long = newStream();
    await ours.store.append(
      long.stream,
      Array.from({ length: PAGE }, () => event),
      { expected: 'none' },
    );
    await emmett.begin(long, PAGE);
    const read = await compare(side(ours, ours.loading(long, stock), 1), side(emmett, emmett.folding(long), 1), {
      rounds: ROUNDS,
      count: 50,
    });
    report('es-beside-emmett-rehydrate-1000', read, how);
  } finally {
    await Promise.all([ours.close(), emmett.close()]);
  }
}
