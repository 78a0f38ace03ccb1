import { compare, report, Side } from '../event-store/cost.mjs';
import { prepareDatabase } from '../catalog/database.mjs';
import { Catalogue } from '../catalog/generate.mjs';
import { upserting } from '../catalog/writes.mjs';
import { read } from '../support/beside-bare.mjs';
import { figure, median } from '../support/figures.mjs';
import { Served } from '../support/served.mjs';
import { SCRIPT } from '../catalog/database.mjs';
import { inventoryOn, StockMaker } from './stock.mjs';

const RELEASES = Number(process.env.BENCH_RELEASES ?? 100_000);
const ITEMS = Number(process.env.BENCH_ITEMS ?? 200_000);
const BUYERS = Number(process.env.BENCH_BUYERS ?? 10_000);
const PER_CALL = 5_000;
const CLIENTS = 16;

const { systemActor, newUuid } = await import('../../../dist/libs/platform/kernel/src/index.js');
const { ReceiveStockInBulk } =
  await import('../../../dist/libs/inventory/src/commands/receive-stock-in-bulk.command.js');
const { AdjustStock } = await import('../../../dist/libs/inventory/src/commands/adjust-stock.command.js');
const { AdjustItems } = await import('../../../dist/libs/inventory/src/commands/adjust-items.command.js');
const { MakeReservation } = await import('../../../dist/libs/inventory/src/commands/make-reservation.command.js');
const { ReleaseReservation } = await import('../../../dist/libs/inventory/src/commands/release-reservation.command.js');
const { ReceiveStock } = await import('../../../dist/libs/inventory/src/commands/receive-stock.command.js');
const { GetAvailability } = await import('../../../dist/libs/inventory/src/queries/get-availability.query.js');
const { receive } = await import('../../../dist/libs/inventory/src/domain/receive.js');
const { itemStream } = await import('../../../dist/libs/inventory/src/stock.js');
const { EventStore, InlineProjections } = await import('../../../dist/libs/platform/eventing/src/index.js');
const { formatId, parseId } = await import('../../../dist/libs/platform/kernel/src/index.js');

/** `npm run bench -- inventory [PART...]`: stock is received in any case; without parts all of them follow. */
const wanted = process.argv.slice(2);
const isWanted = (part) => wanted.length === 0 || wanted.includes(part);

const seconds = (from) => (performance.now() - from) / 1_000;

async function main() {
  const database = await prepareDatabase();
  const actor = systemActor(database.tenantId, 'bench');
  const rtUrl = database.env.DATABASE_URL_RT;
  const opened = [];
  const open = async (...how) => {
    const made = await inventoryOn(...how);
    opened.push(made);
    return made;
  };
  const servers = [];
  try {
    const catalogue = await upserting(database, new Catalogue(), 1);
    for (let sent = 0; sent < RELEASES; sent += catalogue.perCall) await catalogue.send();
    await catalogue.close();
    const releases = (await database.run('select id from catalog.release')).map(({ id }) => id);
    const ours = await open(rtUrl, { application: 'bench-ours', max: CLIENTS });
    const bare = await open(rtUrl, { application: 'bench-bare', max: CLIENTS });
    await bulk({ database, actor, releases, ours, bare });
    if (isWanted('changes')) await changes({ database, actor, ours });
    if (isWanted('reservations')) await reservations({ database, actor, ours });
    if (isWanted('lists')) await lists({ database, servers, open });
  } finally {
    for (const server of servers) server.stop();
    for (const app of opened) await app.close();
    await database.drop();
  }
}

/** ReceiveStockInBulk beside the bare bulk append of the same events into streams without read models. */
async function bulk({ database, actor, releases, ours, bare }) {
  const stock = new StockMaker(releases);
  let next = 1;
  const receiving = async () => {
    const items = Array.from({ length: PER_CALL }, () => stock.item(next++));
    const outcomes = await ours.bus.execute(new ReceiveStockInBulk(actor, { source: 'bench', items }));
    if (outcomes.some(({ outcome }) => outcome !== 'created'))
      throw new Error(JSON.stringify(outcomes.find(({ outcome }) => outcome !== 'created')));
  };
  // The same store without the projection that guards stock.
  const plain = new EventStore(bare.events.log, new InlineProjections());
  const reception = { locationId: newUuid(), provenance: { kind: 'import', source: 'bench' }, now: new Date() };
  const appending = async () => {
    const appends = Array.from({ length: PER_CALL }, (_, index) => {
      const { key, ...arrival } = stock.item(index);
      const id = newUuid();
      const known = { ...reception, provenance: { ...reception.provenance, key } };
      return {
        stream: itemStream(database.tenantId, id),
        events: [receive(id, { ...arrival, productType: 'record' }, known)],
      };
    });
    await plain.appendBulk(appends, { expected: 'none' });
  };
  const side = (application, one) => new Side({ backends: () => database.backends(application), lanes: 1, one });
  const rounds = Math.max(2, Math.floor(ITEMS / 2 / PER_CALL) - 2);
  const startedAt = performance.now();
  const pairs = await compare(side('bench-ours', receiving), side('bench-bare', appending), { rounds, count: 1 });
  report('inventory-receive-bulk', pairs, { pieces: PER_CALL, other: 'append', goal: { op: '<=', limit: 3 } });
  while (next <= ITEMS) await receiving();
  figure('inventory-receive-bulk-rows', next - 1, 'rows');
  figure('inventory-receive-bulk-seconds', seconds(startedAt), 's');
  // What was appended beside has no rows that guard it: it would break the invariants of the rest.
  await database.run('vacuum analyze');
}

/** Stock changes with history: one a call at 16 clients, and 1,000 a call. */
async function changes({ database, actor, ours }) {
  const pools = await poolIds(database, 2_000);
  const backends = () => database.backends('bench-ours');
  let at = 0;
  const single = new Side({
    backends,
    lanes: CLIENTS,
    one: () => {
      const index = at++;
      return ours.bus.execute(
        new AdjustStock(actor, pools[index % pools.length], { input: { delta: 1, reason: 'bench' } }),
      );
    },
  });
  await timed('inventory-change-single', single, 3_000, 1);
  const bulk = new Side({
    backends,
    lanes: 1,
    one: () => {
      const items = pools.slice(0, 1_000).map((id) => ({ itemId: formatId('stockItem', id), delta: 1 }));
      return ours.bus.execute(new AdjustItems(actor, { reason: 'bench', items }));
    },
  });
  await timed('inventory-change-bulk', bulk, 5, 1_000);
}

async function timed(name, side, count, pieces) {
  await side.cost(Math.ceil(count / 10));
  const rounds = [];
  for (let round = 0; round < 3; round++) {
    const startedAt = performance.now();
    const cost = await side.cost(count);
    rounds.push({ cost: cost / pieces, rate: (count * pieces) / seconds(startedAt) });
  }
  figure(`${name}-cpu`, median(rounds.map(({ cost }) => cost)), 'us-cpu');
  figure(`${name}-rate`, median(rounds.map(({ rate }) => rate)), '1/s');
}

const poolIds = async (database, count) =>
  (
    await database.run(
      `select i.id from inventory.item i join inventory.availability a on a.tenant_id = i.tenant_id and a.item_id = i.id
        where not i.single and i.status = 'available' order by i.id limit ${count}`,
    )
  ).map(({ id }) => id);

async function reservations({ database, actor, ours }) {
  const [releaseId] = (await database.run('select id from catalog.release limit 1')).map(({ id }) => id);
  const pool = async (quantity) => {
    const input = { releaseId, kind: 'pool', quantity, price: { amount: 100, currency: 'EUR' } };
    return parseId('stockItem', (await ours.bus.execute(new ReceiveStock(actor, input))).id);
  };
  const reserve = (itemId, quantity = 1) =>
    ours.bus.execute(new MakeReservation(actor, { items: [{ itemId, quantity }] }));
  const there = async (itemId) => {
    const { id } = await reserve(itemId);
    await ours.bus.execute(new ReleaseReservation(actor, parseId('reservation', id), { input: {} }));
  };
  const backends = () => database.backends('bench-ours');
  const hot = await pool(1_000_000);
  await timed('inventory-reserve-hot', new Side({ backends, lanes: CLIENTS, one: () => reserve(hot) }), 2_000, 1);
  const spread = await poolIds(database, 1_000);
  let at = 0;
  const over = new Side({ backends, lanes: CLIENTS, one: () => there(spread[at++ % spread.length]) });
  await timed('inventory-reserve-and-release-1000-items', over, 2_000, 1);
  await race('inventory-100-buyers-10-units', await pool(10), {
    buyers: 100,
    lanes: 100,
    units: 10,
    reserve,
    limit: 2,
  });
  await race(`inventory-${BUYERS}-buyers-1-unit`, await pool(1), { buyers: BUYERS, lanes: 200, units: 1, reserve });
  await availability({ database, actor, ours, ids: spread });
}

/** Buyers who all want the same: how many got it, how many were clearly refused, how long it took. */
async function race(name, itemId, { buyers, lanes, units, reserve, limit }) {
  const endings = {};
  let next = 0;
  const lane = async () => {
    while (next++ < buyers) {
      const ending = await reserve(itemId).then(
        () => 'done',
        (error) => error.code ?? String(error),
      );
      endings[ending] = (endings[ending] ?? 0) + 1;
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: lanes }, lane));
  const took = seconds(startedAt);
  figure(`${name}-got-it`, endings.done ?? 0, 'buyers', { op: '<=', limit: units });
  figure(`${name}-refused`, endings['inventory.not_enough_stock'] ?? 0, 'buyers', { op: '>=', limit: buyers - units });
  figure(`${name}-seconds`, took, 's', limit && { op: '<=', limit, wallClock: true });
}

/** Availability reads while 500 stock changes a second go on. */
async function availability({ database, actor, ours, ids }) {
  const hot = ids.slice(0, 100);
  const reads = async (count) => {
    const times = [];
    for (let done = 0; done < count; done++) {
      const startedAt = performance.now();
      await ours.bus.execute(new GetAvailability(actor, [hot[done % hot.length]]));
      times.push(performance.now() - startedAt);
    }
    return times.sort((a, b) => a - b);
  };
  const quiet = await reads(1_000);
  let sent = 0;
  let running = 0;
  const startedAt = performance.now();
  const timer = setInterval(() => {
    const due = Math.floor(seconds(startedAt) * 500);
    while (sent < due && running < CLIENTS - 2) {
      running += 1;
      const input = { delta: 1, reason: 'bench' };
      ours.bus.execute(new AdjustStock(actor, hot[sent++ % hot.length], { input })).finally(() => (running -= 1));
    }
  }, 2);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const busy = await reads(2_000);
  const rate = sent / seconds(startedAt);
  clearInterval(timer);
  while (running > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  const at = (times, share) => times[Math.floor(times.length * share)];
  figure('inventory-availability-changes-meanwhile', rate, '1/s');
  figure('inventory-availability-quiet-p50', at(quiet, 0.5), 'ms');
  figure('inventory-availability-busy-p50', at(busy, 0.5), 'ms');
  figure('inventory-availability-busy-p99', at(busy, 0.99), 'ms');
}

/** List reads of the api beside the same statements behind bare Fastify. */
async function lists({ database, servers, open }) {
  const startedAt = performance.now();
  const worker = await open(database.workerUrl, { application: 'bench-worker', max: 10, projections: true });
  for (;;) {
    const [row] = await database.run(
      `select count(*)::int as behind from es.projections p where p.status = 'live' and p.name = 'inventory.stock-list'
          and p.position < (select max(position) from es.events where type like 'inventory.%')`,
    );
    const [listed] = await database.run('select count(*)::int as count from inventory.stock_row');
    if (row.behind === 0 && listed.count >= ITEMS) break;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  figure('inventory-list-filled', seconds(startedAt), 's');
  await worker.close();
  await database.run('vacuum analyze');
  const env = { ...database.env, BENCH_CONTEXT: '(?:inventory|es)' };
  const api = await new Served(SCRIPT, 'ours', env).ready();
  servers.push(api);
  const options = { database: { ...database, env }, api };
  const list = '/api/v1/inventory/items?limit=20';
  await read('inventory-list', list, options);
  await read('inventory-list-two-filters', `${list}&filter[status]=available&filter[mediaGrade]=VG%2B`, options);
  await read('inventory-list-price', `${list}&filter[price][gte]=1000&sort=price`, options);
  await read('inventory-list-text', `${list}&filter[text]=ba`, options);
  const [item] = await database.run('select id from inventory.item limit 1');
  await read('inventory-item', `/api/v1/inventory/items/${formatId('stockItem', item.id)}`, options);
}

await main();
