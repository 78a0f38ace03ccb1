import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { readListRequest } from '#platform/http';
import { newUuid, type SystemActor, systemActor } from '#platform/kernel';
import { RedisConnection, Unit } from '#platform/persistence';
import { renderMetrics } from '#platform/telemetry';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { CatalogApp, idsOf } from '../test/catalog-app.js';
import { SetStockStatus } from './commands/set-stock-status.command.js';
import { UpdateRelease } from './commands/update-release.command.js';
import { GetRelease } from './queries/get-release.query.js';
import { ListReleases, RELEASES } from './queries/list-releases.query.js';

let db: TestDatabase;
/** Two processes with one Redis. */
let app: CatalogApp;
let other: CatalogApp;

beforeAll(async () => {
  db = await createTestDatabase();
  const redisUrl = process.env['TEST_REDIS_URL'] ?? '';
  app = await CatalogApp.start(db, { redisUrl });
  other = await CatalogApp.start(db, { redisUrl, role: 'worker' });
});
afterEach(() => {
  jest.restoreAllMocks();
});
afterAll(async () => {
  await Promise.all([app.close(), other.close()]);
  await db.drop();
});

const read = (actor: SystemActor, id: string, from = app) => from.bus.execute(new GetRelease(actor, id));
const list = (actor: SystemActor) => app.bus.execute(new ListReleases(actor, readListRequest(RELEASES, {})));
const rename = (actor: SystemActor, id: string, title: string) =>
  app.bus.execute(new UpdateRelease(actor, id, { input: { title } }));

/** How many statements `work` sends to the database. */
async function statementsOf(work: () => Promise<unknown>): Promise<number> {
  const spies = (['prepared', 'rows', 'only'] as const).map((name) => jest.spyOn(Unit.prototype, name));
  await work();
  return spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0);
}

async function aRelease(): Promise<{ store: SystemActor; id: string }> {
  const store = app.newStore();
  const [id = ''] = idsOf(await app.upsert(store, [{ externalId: '1', title: 'Before' }]));
  return { store, id };
}

describe('the cache of reads', () => {
  it('answers a release and a list again without the database', async () => {
    const { store, id } = await aRelease();
    const first = [await read(store, id), await list(store)];
    expect(await statementsOf(async () => expect([await read(store, id), await list(store)]).toEqual(first))).toBe(0);
  });

  it('tells as a metric which share of reads it answered', async () => {
    const { store, id } = await aRelease();
    const tally = async () => {
      const { body: text } = await renderMetrics();
      const of = (outcome: string) =>
        Number(
          new RegExp(`^app_catalog_cache_reads_total\\{kind="release",outcome="${outcome}".*\\} (\\d+)$`, 'm').exec(
            text,
          )?.[1] ?? 0,
        );
      const ratio = /^app_catalog_cache_hit_ratio\{kind="release".*\} ([\d.]+)$/m.exec(text)?.[1];
      return { hits: of('hit'), misses: of('miss'), ratio: Number(ratio) };
    };
    const before = await tally();
    for (let reads = 0; reads < 4; reads++) await read(store, id);
    const after = await tally();
    expect([after.hits - before.hits, after.misses - before.misses]).toEqual([3, 1]);
    expect(after.ratio).toBeCloseTo(after.hits / (after.hits + after.misses), 10);
  });

  it('shows whoever writes what it wrote, a hundred times in a row', async () => {
    const { store, id } = await aRelease();
    for (let i = 0; i < 100; i++) {
      await Promise.all([read(store, id), list(store)]);
      await rename(store, id, `Title ${i}`);
      expect((await read(store, id)).title).toBe(`Title ${i}`);
      expect((await list(store)).data[0]?.title).toBe(`Title ${i}`);
    }
  });

  it('is told of what another process changes', async () => {
    const { store, id } = await aRelease();
    await Promise.all([read(store, id), list(store)]);
    await other.bus.execute(new SetStockStatus(store, { items: [{ releaseId: id, available: 3 }] }));
    expect((await read(store, id)).stock).toEqual({ available: 3 });
    await other.upsert(store, [{ externalId: '1', title: 'From elsewhere' }]);
    expect((await read(store, id)).title).toBe('From elsewhere');
    expect((await list(store)).data[0]).toMatchObject({ title: 'From elsewhere', stock: { available: 3 } });
  });

  it('never shows a store what another one has', async () => {
    const { store, id } = await aRelease();
    await read(store, id);
    await expect(read(systemActor(newUuid(), 'test'), id)).rejects.toMatchObject({ code: 'http.not_found' });
  });

  it('does not bring back what was read before a change that ended meanwhile', async () => {
    const { store, id } = await aRelease();
    const only = jest.spyOn(Unit.prototype, 'only').mockImplementationOnce(async function (
      this: Unit,
      name,
      sql,
      values,
    ) {
      const rows = await this.prepared(name, sql, values);
      await this.client.query('select 1');
      await other.upsert(store, [{ externalId: '1', title: 'After' }]);
      return rows as never;
    });
    expect((await read(store, id)).title).toBe('Before');
    only.mockRestore();
    expect((await read(store, id)).title).toBe('After');
  });

  it('is left aside where Redis fails in the middle, and by the process that could not tell of a change', async () => {
    const { store, id } = await aRelease();
    await read(store, id);
    const { client } = app.get(RedisConnection);
    const away = (): Promise<never> => Promise.reject(new Error('connection lost'));
    jest.spyOn(client, 'set').mockImplementation(away as never);
    await rename(store, id, 'While it was away');
    expect((await read(store, id)).title).toBe('While it was away');
    jest.spyOn(client, 'mget').mockImplementation(away as never);
    expect((await read(store, id)).title).toBe('While it was away');
  });
});

describe('without Redis', () => {
  it('reads come from the database', async () => {
    const alone = await CatalogApp.start(db);
    const store = alone.newStore();
    const [id = ''] = idsOf(await alone.upsert(store, [{ externalId: '1', title: 'One' }]));
    expect(await statementsOf(async () => expect((await read(store, id, alone)).title).toBe('One'))).toBeGreaterThan(0);
    expect(await statementsOf(() => read(store, id, alone))).toBeGreaterThan(0);
    await alone.close();
  });
});
