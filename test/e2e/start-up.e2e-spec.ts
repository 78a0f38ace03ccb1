import { afterAll, describe, expect, it } from '@jest/globals';
import { apiSettings, runApi, startApiProcess } from '../support/api-process.js';
import { createTestDatabase } from '../support/database.js';
import { eventually } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const database = await createTestDatabase();

afterAll(() => database.drop());

describe('a start with settings that cannot be used', () => {
  const weak = 'changeme-changeme-changeme-changeme-changeme';
  const cases: [name: string, wrong: Record<string, string>, named: string][] = [
    ['no database', { DATABASE_URL_RT: '' }, 'DATABASE_URL_RT'],
    ['a database of another kind', { DATABASE_URL_RT: 'mysql://root:hunter2hunter2@127.0.0.1/x' }, 'DATABASE_URL_RT'],
    ['the secret "secret"', { RECRATE_SECRET: 'secret', NODE_ENV: 'production' }, 'RECRATE_SECRET'],
    ['a secret that ships in examples', { RECRATE_SECRET: weak, NODE_ENV: 'production' }, 'RECRATE_SECRET'],
    ['a short credential of the operator', { OPERATOR_TOKEN: 'op_hunter2hunter2' }, 'OPERATOR_TOKEN'],
    ['a debugger in production', { NODE_ENV: 'production', NODE_OPTIONS: '--inspect=127.0.0.1:0' }, 'NODE_OPTIONS'],
    ['a role that owns the tables', { DATABASE_URL_RT: database.ownerUrl }, ''],
  ];
  const runs = new Map<string, { code: number | null; output: string }>();

  it('ends at once and does not listen', async () => {
    const waiting = [...cases];
    const lane = async (): Promise<void> => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const [name, wrong] = next;
        const { output, ended } = runApi(apiSettings(database, wrong));
        const { code } = await ended;
        runs.set(name, { code, output: output.join('') });
      }
    };
    await Promise.all([lane(), lane()]);
    expect(
      [...runs].filter(([, { code, output }]) => code === 0 || code === null || output.includes('the api listens')),
    ).toEqual([]);
  });

  it.each(cases)('such as %s names what is wrong, and never a value', (name, wrong, named) => {
    const output = runs.get(name)?.output ?? '';
    expect(output).toContain('the api cannot start');
    expect(output).toContain(named);
    const values = Object.values(wrong).filter((value) => value.length > 8 && value !== 'production');
    const passwords = values.flatMap((value) => /:\/\/[^:]+:([^@]+)@/.exec(value)?.[1] ?? []);
    expect([...values, ...passwords].filter((secret) => output.includes(secret))).toEqual([]);
  });

  it('names everything that is wrong at once', async () => {
    const { output, ended } = runApi({ PATH: process.env['PATH'] ?? '' });
    expect((await ended).code).toBe(1);
    for (const name of ['DATABASE_URL_RT', 'DATABASE_URL_PLATFORM', 'RECRATE_SECRET', 'OPERATOR_TOKEN']) {
      expect(output.join('')).toContain(name);
    }
  });
});

describe('a database that takes five seconds for everything', () => {
  it('turns readiness off within a second or two, never liveness, and takes no more connections for being asked', async () => {
    const proxy = await TcpProxy.before(database.rtUrl);
    const settings = apiSettings(database, {
      DATABASE_URL_RT: proxy.through(database.rtUrl),
      DATABASE_URL_PLATFORM: proxy.through(database.platformUrl),
    });
    const api = await startApiProcess(settings);
    try {
      const probe = (name: string) => fetch(`${api.adminUrl}/health/${name}`);
      expect((await probe('ready')).status).toBe(200);
      proxy.delay(5_000);
      await eventually('readiness is off', async () => (await probe('ready')).status === 503, 10_000);
      const before = proxy.open;
      const answers = await Promise.all(Array.from({ length: 60 }, (_, i) => probe(i % 2 ? 'ready' : 'live')));
      expect(answers.filter(({ status }, i) => status !== (i % 2 ? 503 : 200))).toEqual([]);
      expect(proxy.open).toBeLessThanOrEqual(before + 1);
    } finally {
      await api.kill();
      await proxy.close();
    }
  });
});
