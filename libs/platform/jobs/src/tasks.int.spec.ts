import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { newUuid } from '#platform/kernel';
import { Databases, RedisConnection, UnitOfWork } from '#platform/persistence';
import { runInContext } from '#platform/telemetry';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { Tasks } from './tasks.js';
import { WakeUps } from './wake-ups.js';

const tenantId = newUuid();
const kind = 'test.work';

describe('recording tasks as the api does', () => {
  let database: TestDatabase;
  let databases: Databases;
  let work: UnitOfWork;
  let tasks: Tasks;
  let woken = 0;

  beforeAll(async () => {
    database = await createTestDatabase();
    databases = new Databases({
      main: { url: database.rtUrl, max: 4 },
      applicationName: 'test',
      statementTimeoutMs: 5_000,
      acquireTimeoutMs: 2_000,
      slowQueryMs: 10_000,
    });
    work = new UnitOfWork(databases);
    const wakeUps = new WakeUps(new RedisConnection({ connectionName: 'test' }));
    wakeUps.send = () => void (woken += 1);
    tasks = new Tasks(work, wakeUps);
  });
  afterAll(async () => {
    await databases.close();
    await database.drop();
  });
  afterEach(() => database.admin('delete from jobs.task'));

  const recorded = (): Promise<{ id: string; trace: string | null }[]> => database.admin('select * from jobs.task');

  it('records with the unit and wakes the workers once after its commit', async () => {
    woken = 0;
    await work.run({ tenantId }, async () => {
      await tasks.enqueue({ tenantId, kind });
      await tasks.enqueue({ tenantId, kind });
      expect(woken).toBe(0);
    });
    expect(woken).toBe(1);
    expect(await recorded()).toHaveLength(2);
  });

  it('records nothing when the unit rolls back', async () => {
    woken = 0;
    const failed = work.run({ tenantId }, async () => {
      await tasks.enqueue({ tenantId, kind });
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    expect([await recorded(), woken]).toEqual([[], 0]);
  });

  it('keeps the first of two tasks with the same key', async () => {
    const add = (key: string, of = kind): Promise<string> =>
      work.run({ tenantId }, () => tasks.enqueue({ tenantId, kind: of, key }));
    const [first, again, other, kinship] = [
      await add('a'),
      await add('a'),
      await add('b'),
      await add('a', 'test.other'),
    ];
    expect(again).toBe(first);
    expect(new Set([first, other, kinship]).size).toBe(3);
  });

  it('cannot record a task for another tenant, nor see one', async () => {
    await work.run({ tenantId }, () => tasks.enqueue({ tenantId, kind }));
    const stranger = newUuid();
    const forged = work.run({ tenantId: stranger }, () => tasks.enqueue({ tenantId, kind }));
    await expect(forged).rejects.toMatchObject({ code: '42501' });
    expect(await work.run({ tenantId: stranger }, (unit) => unit.rows('select id from jobs.task'))).toEqual([]);
  });

  it('refuses payloads that carry data instead of naming it', async () => {
    const fat = { text: 'x'.repeat(20_000) };
    const refused = work.run({ tenantId }, () => tasks.enqueue({ tenantId, kind, payload: fat }));
    await expect(refused).rejects.toMatchObject({ code: '23514' });
  });

  it('keeps the trace of the request', async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const request = { requestId: 'r', traceId };
    await runInContext(request, () => work.run({ tenantId }, () => tasks.enqueue({ tenantId, kind })));
    expect((await recorded())[0]?.trace).toContain(traceId);
  });
});
