import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newUuid, PLATFORM_TENANT_ID } from '#platform/kernel';
import { Databases, RedisConnection, UnitOfWork } from '#platform/persistence';
import { eventually } from '../../../../test/support/redis-server.js';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { DispatchStore, type Taken } from './dispatch-store.js';
import { FairOrder } from './fair-order.js';
import { settingsOf } from './options.js';
import { type Priority, Tasks, type WorkOrder } from './tasks.js';
import { TenantFlows } from './tenant-flows.js';
import { WakeUps } from './wake-ups.js';
import { WorkControl } from './work-control.js';

const KIND = 'test.unit';
const AGE_MS = 100_000;

describe('picking work in fair order', () => {
  let database: TestDatabase;
  let databases: Databases;
  let work: UnitOfWork;
  let tasks: Tasks;
  let store: DispatchStore;
  let order: FairOrder;

  beforeAll(async () => {
    database = await createTestDatabase();
    databases = new Databases({
      main: { url: database.workerUrl, max: 4 },
      applicationName: 'test',
      statementTimeoutMs: 20_000,
      acquireTimeoutMs: 2_000,
      slowQueryMs: 10_000,
    });
    work = new UnitOfWork(databases);
    tasks = new Tasks(work, new WakeUps(new RedisConnection({ connectionName: 'test' })));
    store = new DispatchStore(work);
  });
  afterAll(async () => {
    await databases.close();
    await database.drop();
  });
  beforeEach(async () => {
    await database.admin('delete from jobs.task');
    await database.admin('delete from jobs.tenant_flow');
    order = new FairOrder(store, settingsOf({ concurrency: 1, ageMs: AGE_MS }));
  });

  const inTenant = <T>(tenantId: string, act: () => Promise<T>): Promise<T> => work.run({ tenantId }, act);
  function add(tenantId: string, count: number, more: WorkOrder = {}, kind = KIND): Promise<void> {
    const units = Array.from({ length: count }, (_, ordinal) => ({ id: newUuid(), ordinal }));
    return inTenant(tenantId, () => tasks.enqueueAll(kind, { maxAttempts: 3, ...more }, units));
  }
  const pick = async (room: number, againOnly = false): Promise<Taken[]> =>
    (await store.alone(async (unit) => {
      await store.promote(unit);
      return order.pick(unit, { kinds: [KIND, 'test.other'], room, againOnly });
    })) ?? [];
  const counts = (taken: readonly Taken[], of: (unit: Taken) => string): Record<string, number> =>
    taken.reduce<Record<string, number>>((sums, unit) => ({ ...sums, [of(unit)]: (sums[of(unit)] ?? 0) + 1 }), {});
  const byTenant = (taken: readonly Taken[]): Record<string, number> => counts(taken, ({ tenantId }) => tenantId);
  const finish = (taken: readonly Taken[]): Promise<unknown> =>
    database.admin(`update jobs.task set state = 'done', finished_at = now() where id = any($1)`, [
      taken.map(({ taskId }) => taskId),
    ]);
  const setFlow = (tenantId: string, flow: object): Promise<void> =>
    inTenant(tenantId, () =>
      new TenantFlows(work).set(tenantId, {
        weight: 1,
        maxInFlight: null,
        unitsPerMinute: null,
        paused: false,
        ...flow,
      }),
    );

  it('gives each tenant the same, however many jobs one of them floods the queue with', async () => {
    const [flooder, a, b] = [newUuid(), newUuid(), newUuid()];
    for (let job = 0; job < 30; job++) await add(flooder, 20, { parentId: newUuid() });
    await add(a, 20);
    await add(b, 20);
    const taken = await pick(12);
    expect(byTenant(taken)).toEqual({ [flooder]: 4, [a]: 4, [b]: 4 });
  });

  it('counts what is in flight, and lends what others do not use', async () => {
    const [flooder, small] = [newUuid(), newUuid()];
    await add(flooder, 100);
    expect(await pick(6)).toHaveLength(6);
    await add(small, 3);
    expect(byTenant(await pick(2))).toEqual({ [small]: 2 });
    expect(byTenant(await pick(5))).toEqual({ [small]: 1, [flooder]: 4 });
  });

  it('shares by weight', async () => {
    const [heavy, light] = [newUuid(), newUuid()];
    await add(heavy, 50);
    await add(light, 50);
    await setFlow(heavy, { weight: 3 });
    expect(byTenant(await pick(8))).toEqual({ [heavy]: 6, [light]: 2 });
  });

  it('goes round when there are more tenants than places, so that each is served in its turn', async () => {
    const all = Array.from({ length: 25 }, () => newUuid());
    for (const tenantId of all) await add(tenantId, 5);
    const served: Taken[] = [];
    for (let round = 0; round < 25; round++) {
      const taken = await pick(3);
      served.push(...taken);
      await finish(taken);
    }
    expect(byTenant(served)).toEqual(Object.fromEntries(all.map((tenantId) => [tenantId, 3])));
  });

  it('keeps to the caps of a tenant: what runs at a time, what begins per minute, and nothing while it is paused', async () => {
    const [capped, slow, paused] = [newUuid(), newUuid(), newUuid()];
    for (const tenantId of [capped, slow, paused]) await add(tenantId, 50);
    await setFlow(capped, { maxInFlight: 2 });
    await setFlow(slow, { unitsPerMinute: 18 });
    await setFlow(paused, { paused: true });
    expect(byTenant(await pick(100))).toEqual({ [capped]: 2, [slow]: 3 });
    expect(byTenant(await pick(100))).toEqual({});
    await setFlow(paused, { paused: false });
    expect(byTenant(await pick(100))).toEqual({ [paused]: 50 });
  });

  it('hands out nothing while everything is paused', async () => {
    await add(newUuid(), 5);
    const flows = new TenantFlows(work);
    await inTenant(PLATFORM_TENANT_ID, () => flows.pauseEverything(true));
    expect(await pick(10)).toEqual([]);
    await inTenant(PLATFORM_TENANT_ID, () => flows.pauseEverything(false));
    expect(await pick(10)).toHaveLength(5);
  });

  it('does not wait for another one that is handing out, and says so', async () => {
    await add(newUuid(), 5);
    let others = 0;
    await store.alone(async () => {
      const elsewhere = new DispatchStore(new UnitOfWork(databases));
      const round = (): Promise<never> => Promise.reject(new Error('two hand out at once'));
      expect(await elsewhere.alone(round, () => (others += 1))).toBeUndefined();
    });
    expect(others).toBe(1);
    expect(
      await store.alone(
        () => Promise.resolve('its turn'),
        () => (others += 1),
      ),
    ).toBe('its turn');
    expect(others).toBe(1);
  });

  it('does not wait for one that froze while it was handing out', async () => {
    const elsewhere = new DispatchStore(new UnitOfWork(databases));
    const handsOut = async (): Promise<boolean> =>
      (await elsewhere.alone(() => Promise.resolve('its turn'))) === 'its turn';
    let gone = false;
    const frozen = store.alone(() => eventually('another one hands out', handsOut, 30_000).then(() => (gone = true)));
    await expect(frozen).rejects.toMatchObject({ code: 'database.outcome_unknown' });
    expect(gone).toBe(true);
  });

  it('lets the jobs of a tenant take turns, and keeps the order inside a job', async () => {
    const tenantId = newUuid();
    const [first, second, third] = [newUuid(), newUuid(), newUuid()];
    await add(tenantId, 40, { parentId: first });
    await add(tenantId, 4, { parentId: second });
    await add(tenantId, 40, { parentId: third });
    const taken = [...(await pick(4)), ...(await pick(4)), ...(await pick(4))];
    expect(counts(taken, ({ parentId }) => parentId)).toEqual({ [first]: 4, [second]: 4, [third]: 4 });
    const ordinals = await database.admin<{ ordinal: string }>(
      'select ordinal from jobs.task where parent_id = $1 and dispatch_no > 0 order by dispatched_at, ordinal',
      [first],
    );
    expect(ordinals.map(({ ordinal }) => Number(ordinal))).toEqual([0, 1, 2, 3]);
  });

  it('serves repetitions that are due first, then by priority', async () => {
    const tenantId = newUuid();
    for (const priority of ['bulk', 'normal', 'interactive'] satisfies Priority[]) await add(tenantId, 2, { priority });
    await database.admin(
      `insert into jobs.task (tenant_id, id, kind, payload, max_attempts, attempts) values ($1, $2, $3, '{}', 3, 1)`,
      [tenantId, newUuid(), KIND],
    );
    const lanes = [...(await pick(2)), ...(await pick(2)), ...(await pick(2))].map(({ lane }) => lane);
    expect(lanes).toEqual([0, 1, 1, 2, 2, 3]);
  });

  it('finds due repetitions alone, where only they have room', async () => {
    const tenantId = newUuid();
    await add(tenantId, 5);
    await database.admin(
      `insert into jobs.task (tenant_id, id, kind, payload, max_attempts, attempts) values ($1, $2, $3, '{}', 3, 1)`,
      [newUuid(), newUuid(), KIND],
    );
    expect((await pick(10, true)).map(({ lane }) => lane)).toEqual([0]);
  });

  it('says whether a repetition waits, also one that has just become due', async () => {
    const waits = async (): Promise<boolean | undefined> =>
      (await store.alone((unit) => store.promote(unit)))?.repetitionsWait;
    await add(newUuid(), 5);
    expect(await waits()).toBe(false);
    await database.admin(
      `insert into jobs.task (tenant_id, id, kind, payload, max_attempts, attempts) values ($1, $2, $3, '{}', 3, 1)`,
      [newUuid(), newUuid(), KIND],
    );
    expect([await waits(), await waits()]).toEqual([true, true]);
    expect(await pick(10, true)).toHaveLength(1);
    expect(await waits()).toBe(false);
  });

  it('steps over work that nobody here can do', async () => {
    const tenantId = newUuid();
    await add(tenantId, 100, {}, 'test.foreign');
    await add(newUuid(), 100, {}, 'test.foreign');
    await add(tenantId, 3);
    expect(await pick(10)).toHaveLength(3);
  });

  it('holds, releases, cancels and revives the work of one job only', async () => {
    const tenantId = newUuid();
    const control = new WorkControl(work, tasks);
    const [job, other] = [{ parentId: newUuid(), kind: KIND }, newUuid()];
    await add(tenantId, 4, { parentId: job.parentId });
    await add(tenantId, 1, { parentId: other });
    const [handedOver] = await pick(1);
    expect(await inTenant(tenantId, () => control.hold(job))).toBe(4);
    expect(await pick(10)).toHaveLength(handedOver?.parentId === other ? 0 : 1);
    expect(await inTenant(tenantId, () => control.release(job))).toBe(4);
    expect(await pick(3)).toHaveLength(3);
    const cancelled = await inTenant(tenantId, () => control.cancel(job));
    expect(cancelled).toHaveLength(4);
    expect(await pick(10)).toEqual([]);
    expect(await inTenant(newUuid(), () => control.revive(cancelled))).toBe(0);
    expect(await inTenant(tenantId, () => control.revive(cancelled))).toBe(4);
    expect(await pick(10)).toHaveLength(4);
  });

  it('reads little of much that waits, also when the planner knows no numbers yet', async () => {
    const read = async (): Promise<number> => {
      const [row] = await database.admin<{ read: number }>(
        `select sum(idx_tup_read)::int as read from pg_stat_user_indexes where schemaname = 'jobs'`,
      );
      return row?.read ?? 0;
    };
    await database.admin(
      `insert into jobs.task (tenant_id, id, kind, payload, max_attempts, parent_id, ordinal, lane)
       select $1, gen_random_uuid(), $2, '{}', 6, $1, n, 2 from generate_series(1, 20000) as n`,
      [newUuid(), KIND],
    );
    const before = await read();
    for (let round = 0; round < 5; round++) expect(await pick(4)).toHaveLength(4);
    await store.alone((unit) => unit.rows('select pg_stat_force_next_flush()'));
    await store.alone((unit) => unit.rows('select 1'));
    // Five rounds that look at all that waits read 100,000; what the insert has read may be counted as late as here.
    expect((await read()) - before).toBeLessThan(50_000);
  });

  it('says when the next work becomes due', async () => {
    await inTenant(PLATFORM_TENANT_ID, () =>
      tasks.enqueue({ tenantId: PLATFORM_TENANT_ID, kind: KIND, runAt: new Date(Date.now() + 60_000) }),
    );
    const due = await store.alone((unit) => store.promote(unit));
    expect(due?.dueInMs).toBeGreaterThan(50_000);
    expect(due?.dueInMs).toBeLessThanOrEqual(61_000);
  });
});
