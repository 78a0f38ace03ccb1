import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { newUuid } from '#platform/kernel';
import { createTestDatabase, type TestDatabase } from '../../../../../test/support/database.js';
import { type EventingSetup, startEventing, type TestEventing } from '../../../../../test/support/eventing.js';
import { createLedger, NoteHandler } from '../../../../../test/support/ledger.js';
import { eventually } from '../../../../../test/support/redis-server.js';

const [TENANT, OTHER] = [newUuid(), newUuid()];

describe('the outbox', () => {
  let database: TestDatabase;
  let workers: TestEventing[];

  beforeEach(async () => {
    database = await createTestDatabase();
    await createLedger(database);
    workers = [];
  });
  afterEach(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    await database.drop();
  });

  async function worker(setup: Partial<EventingSetup> = {}): Promise<void> {
    workers.push(await startEventing({ database, providers: [NoteHandler], ...setup }));
  }

  const put = (what: string, more: { command?: string; tenantId?: string; afterMs?: number; key?: string } = {}) =>
    database.admin(
      `insert into es.outbox (tenant_id, command, dedupe_key, payload, not_before)
       values ($1, $2, $3, jsonb_build_object('what', $4::text), clock_timestamp() + make_interval(secs => $5)) on conflict do nothing`,
      [
        more.tenantId ?? TENANT,
        more.command ?? 'ledger.note',
        more.key ?? newUuid(),
        what,
        (more.afterMs ?? 0) / 1_000,
      ],
    );
  const effects = async (): Promise<string[]> =>
    (await database.admin<{ what: string }>('select what from ledger.effect order by what')).map(({ what }) => what);
  const rows = () =>
    database.admin<{ command: string; attempts: number; error: Record<string, unknown> | null; parked: boolean }>(
      'select command, attempts, error, parked_at is not null as parked from es.outbox order by id',
    );
  const isEmpty = () => eventually('the outbox is empty', async () => (await rows()).length === 0);

  it('carries out what is due, as its tenant, and removes it', async () => {
    await put('one');
    await put('two', { tenantId: OTHER });
    await worker();
    await isEmpty();
    expect(await database.admin('select tenant_id, what from ledger.effect order by what')).toEqual([
      { tenant_id: TENANT, what: 'one' },
      { tenant_id: OTHER, what: 'two' },
    ]);
  });

  it('keeps nothing of a command that failed, tries it six times, parks it and lets the others go on', async () => {
    await put('fail');
    for (let n = 0; n < 25; n++) await put(`good ${n}`);
    await worker();
    await eventually('it is parked', async () => (await rows())[0]?.parked === true, 10_000);
    expect(await rows()).toEqual([
      { command: 'ledger.note', attempts: 6, error: { message: 'Error: it did not work' }, parked: true },
    ]);
    expect((await effects()).filter((what) => what.startsWith('good'))).toHaveLength(25);
    expect(await effects()).toHaveLength(25);
  });

  it('parks a refusal at once, with its code', async () => {
    await put('refuse');
    await worker();
    await eventually('it is parked', async () => (await rows())[0]?.parked === true);
    expect(await rows()).toMatchObject([{ attempts: 1, error: { code: 'ledger.refused' } }]);
    expect(await effects()).toEqual([]);
  });

  it('carries out each once, however many workers there are', async () => {
    for (let n = 0; n < 150; n++) await put(`n ${n}`, n % 2 ? {} : { tenantId: OTHER });
    await Promise.all([worker(), worker(), worker()]);
    await isEmpty();
    const done = await effects();
    expect(done).toHaveLength(150);
    expect(new Set(done).size).toBe(150);
  });

  it('finds the one command whose effect cannot be committed, parks it, and lets all others go on', async () => {
    for (const sql of [
      `create function ledger.refuse() returns trigger language plpgsql as $$ begin raise exception 'not at the commit'; end $$`,
      `create constraint trigger late after insert on ledger.effect deferrable initially deferred
         for each row when (new.what = 'bad') execute function ledger.refuse()`,
    ]) {
      await database.admin(sql);
    }
    for (const what of ['good', 'bad', 'good']) await put(what);
    for (let n = 0; n < 3; n++) await put('good', { tenantId: newUuid() });
    await worker();
    await eventually('it is parked', async () => (await rows())[0]?.parked === true, 10_000);
    expect(await rows()).toMatchObject([
      { attempts: 6, error: { message: expect.stringContaining('not at the commit') } },
    ]);
    expect(await effects()).toEqual(Array.from({ length: 5 }, () => 'good'));
  });

  it('waits for the instant of a timer, and writes one key once', async () => {
    await put('later', { afterMs: 600, key: 'timer' });
    await put('again', { key: 'timer' });
    await worker();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await effects()).toEqual([]);
    await isEmpty();
    expect(await effects()).toEqual(['later']);
  });

  it('leaves commands it does not know to workers that do', async () => {
    await put('unknown', { command: 'ledger.other' });
    await put('known');
    await worker();
    await eventually('the known one is done', async () => (await effects()).length === 1);
    expect(await rows()).toMatchObject([{ command: 'ledger.other', attempts: 0, parked: false }]);
  });
});
