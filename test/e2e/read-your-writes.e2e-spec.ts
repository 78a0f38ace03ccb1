import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newUuid } from '#platform/kernel';
import { renderMetrics } from '#platform/telemetry';
import { type Answer, startTestApi, type TestApi } from '../support/api.js';
import { startEventing, type TestEventing } from '../support/eventing.js';
import { Balances, createLedger } from '../support/ledger.js';
import { LEDGER_ROUTES } from '../support/ledger-routes.js';
import { eventually } from '../support/redis-server.js';

const ENTRIES = '/api/v1/test/entries';

describe('reading what was written', () => {
  let api: TestApi;
  let worker: TestEventing;
  let key: string;

  beforeAll(async () => {
    api = await startTestApi({}, LEDGER_ROUTES);
    await createLedger(api.database);
    worker = await startEventing({ database: api.database, providers: [Balances] });
    key = (await api.makeTenant()).key;
    await eventually('the projection is there', async () => (await builds()).length === 1);
  });
  afterAll(async () => {
    await worker.stop();
    await api.close();
  });

  const builds = () => api.database.admin(`select 1 from es.projections where name = 'ledger.balances'`);
  const pause = (paused: boolean) =>
    api.database.admin(`update es.projections set paused = ${paused} where name = 'ledger.balances'`);
  const post = (account: string, amount = 5, headers: Record<string, string> = {}) =>
    api.call('POST', ENTRIES, { key, body: { account, amount }, headers });
  const token = (answer: Answer): string => answer.headers.get('consistency-token') ?? '';
  const read = (account: string, consistency: string, prefer?: string) =>
    api.call<{ entries: number }>('GET', `${ENTRIES}/${account}`, {
      key,
      headers: { 'consistency-token': consistency, ...(prefer === undefined ? {} : { prefer }) },
    });
  const told = ({ headers }: Answer<unknown>) => [headers.get('read-consistency'), headers.get('preference-applied')];

  it('waits until it is there, however often', async () => {
    const account = newUuid();
    for (let n = 1; n <= 20; n++) {
      const written = await post(account);
      expect(written.status).toBe(201);
      const answer = await read(account, token(written), 'wait=20');
      expect([answer.body.entries, ...told(answer)]).toEqual([n, 'reached', 'wait=20']);
    }
  });

  it('answers what there is when the time is up or none was given, and says so', async () => {
    const account = newUuid();
    await pause(true);
    const written = await post(account);
    for (const prefer of ['wait=1', undefined, 'respond-async']) {
      const answer = await read(account, token(written), prefer);
      expect([answer.status, answer.body.entries, ...told(answer)]).toEqual([200, 0, 'behind', null]);
    }
    await pause(false);
    await read(account, token(written), 'wait=20');
    const answer = await read(account, token(written));
    expect([answer.body.entries, ...told(answer)]).toEqual([1, 'reached', null]);
  });

  it('answers a repeated request with the same token', async () => {
    const headers = { 'idempotency-key': newUuid() };
    const account = newUuid();
    const first = await post(account, 5, headers);
    const again = await post(account, 5, headers);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect([token(first).length > 0, token(again)]).toEqual([true, token(first)]);
    expect((await read(account, token(again), 'wait=20')).body.entries).toBe(1);
  });

  it('gives no token where nothing was written, or what was is undone', async () => {
    const answers = [await post(newUuid(), 0), await post(newUuid(), -1)];
    expect(answers.map(({ status, headers }) => [status, headers.get('consistency-token')])).toEqual([
      [201, null],
      [409, null],
    ]);
  });

  it.each(['x', 'MS4', ' ', '1.5', 'a'.repeat(200)])('refuses the token %j', async (wrong) => {
    const answer = await read(newUuid(), wrong, 'wait=1');
    expect(answer).toMatchObject({
      status: 400,
      body: { code: 'http.invalid_parameter', errors: [{ pointer: 'Consistency-Token', code: 'consistency_token' }] },
    });
  });

  it('lets go of those who wait when the process ends', async () => {
    const ending = await startTestApi({}, LEDGER_ROUTES);
    await createLedger(ending.database);
    const { key: own } = await ending.makeTenant();
    const written = await ending.call('POST', ENTRIES, { key: own, body: { account: newUuid(), amount: 5 } });
    const waiting = ending.call('GET', `${ENTRIES}/${newUuid()}`, {
      key: own,
      headers: { 'consistency-token': token(written), prefer: 'wait=30' },
    });
    await eventually('it waits', async () => /^app_reads_waiting 1$/m.test((await renderMetrics()).body));
    const closed = ending.app.close();
    expect([(await waiting).status, ...told(await waiting)]).toEqual([200, 'behind', null]);
    await closed;
    await ending.database.drop();
  });
});
