import { execFile } from 'node:child_process';
import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi, type TestApi } from '../support/api.js';
import { ROOT } from '../support/project.js';
import { MISUSE, PROGRAM, TSCONFIG, WRONG } from './support/client-program.js';
import { type FlakyProxy, startFlakyProxy } from './support/flaky-proxy.js';
import { generated, withoutJest } from './support/generated.js';

const run = promisify(execFile);

let made: Awaited<ReturnType<typeof generated>>;
beforeAll(async () => {
  made = await generated('client.mjs');
  // As if its one dependency had been installed beside it.
  symlinkSync(join(ROOT, 'node_modules'), join(made.folder, 'node_modules'));
  writeFileSync(join(made.folder, 'tsconfig.json'), JSON.stringify(TSCONFIG));
  writeFileSync(join(made.folder, 'program.ts'), PROGRAM);
});
afterAll(() => made.remove());

describe('the generated client', () => {
  const typeCheck = async (name: string, text: string): Promise<string> => {
    const path = join(made.folder, name);
    writeFileSync(path, text);
    const compiler = [join(ROOT, 'node_modules/tsc7/bin/tsc'), '-p', made.folder];
    const { stdout } = await run(process.execPath, compiler, { env: withoutJest() }).catch(
      (error: { stdout: string }) => error,
    );
    rmSync(path);
    return stdout.replaceAll(made.folder, '');
  };

  it('type-checks with its use, and every wrong use is an error', async () => {
    expect(await typeCheck('misuse.ts', MISUSE)).toBe('');
  });

  it('makes a wrong call fail the type check', async () => {
    expect(await typeCheck('wrong.ts', WRONG)).toMatch(
      /wrong\.ts\(4,\d+\): error TS2322: Type 'number' is not assignable to type 'string'/,
    );
  });
});

describe('the generated client against a running api, with trouble on the way', () => {
  let api: TestApi;
  let proxy: FlakyProxy;
  let store: Awaited<ReturnType<TestApi['makeTenant']>>;
  let met: Record<string, unknown>;

  beforeAll(async () => {
    api = await startTestApi();
    store = await api.makeTenant('Client Records');
    proxy = await startFlakyProxy(api.url, [
      'pass', // me
      ...(['lose', 'pass'] as const), // issue: made, the answer lost, and answered again
      ...([{ status: 503, retryAfter: '1' }, 'pass'] as const), // list
      ...([{ status: 429, retryAfter: '0' }, { status: 409, retryAfter: '0' }, 'drop', 'pass'] as const), // rotate
      'pass', // me of the heir
      ...([{ status: 503 }, 'pass'] as const), // revoke
      'pass', // me of the revoked heir
      { status: 503, retryAfter: '0' }, // put: not repeated
      { status: 429, retryAfter: '3600' }, // usage: too long to wait
      ...([
        { status: 503, retryAfter: '0' },
        { status: 503, retryAfter: '0' },
      ] as const), // me: given up
      ...(['drop', 'drop'] as const), // me: the network is gone
    ]);
    const env = {
      ...withoutJest(),
      baseUrl: proxy.url,
      key: store.key,
      operator: api.operatorToken,
      tenant: store.tenantId,
    };
    const { stdout } = await run(process.execPath, [join(made.folder, 'program.ts')], { env });
    met = JSON.parse(stdout) as Record<string, unknown>;
  });
  afterAll(async () => {
    await proxy.close();
    await api.close();
  });

  const attemptsOf = (method: string, path: RegExp) =>
    proxy.seen.filter((seen) => seen.method === method && path.test(seen.path));

  it('reads, writes and follows ids, typed', () => {
    expect(met).toMatchObject({
      me: 'Client Records',
      heir: met['rotated'],
      revoked: 'revoked',
      renamed: 'Renamed',
      error: '/name',
    });
  });

  it('sends a file and gets its upload back, in one request and part by part', () => {
    const sha256 = '308101b68af408393d130bb23ce6e7705f4dc2d643047dbedb5da02190d1f05a';
    const kept = { state: 'complete', sizeBytes: 24, sentBytes: 24, sha256 };
    expect(met).toMatchObject({
      upload: { ...kept, filename: 'collection.csv' },
      resumed: { ...kept, filename: null },
      offsets: ['0', '9'],
    });
  });

  it('answers problems as typed errors, those of others too', () => {
    expect(met).toMatchObject({ refused: 'urn:recrate:problem:unauthenticated', givenUp: 'client.foreign_answer' });
  });

  it('makes a thing once although the answer was lost', async () => {
    const attempts = attemptsOf('POST', /api-keys$/).filter(({ key }) => key !== 'my-own-key');
    expect(attempts.map(({ fate }) => fate)).toEqual(['lose', 'pass']);
    expect(new Set(attempts.map(({ key }) => key)).size).toBe(1);
    expect(met['total']).toBe(2);
    const keys = await api.call<{ data: { name: string }[] }>('GET', '/api/v1/api-keys', { key: store.key });
    expect(keys.body.data.filter(({ name }) => name === 'till')).toHaveLength(2);
  });

  it('gives every POST a key of its own, and the same to its repetitions', () => {
    const [issue, rotate, revoke] = [/api-keys$/, /rotate$/, /revoke$/].map((path) =>
      attemptsOf('POST', path).map(({ key }) => key),
    );
    expect(rotate).toHaveLength(4);
    expect(new Set(rotate).size).toBe(1);
    expect(new Set([issue?.[0], rotate?.[0], revoke?.[0]]).size).toBe(3);
    expect(rotate?.[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(attemptsOf('POST', /api-keys$/).at(-1)?.key).toBe('my-own-key');
  });

  it('waits as long as Retry-After says', () => {
    expect(met['waitedMs']).toBeGreaterThanOrEqual(1_000);
  });

  it('repeats nothing that is neither safe nor keyed, and nothing for ever', () => {
    expect([met['putOnce'], attemptsOf('PUT', /cors/).length]).toEqual([503, 1]);
    expect([met['tooLong'], attemptsOf('GET', /usage/).length]).toEqual([429, 1]);
    expect(met['broken']).toBe('TypeError');
    expect(attemptsOf('GET', /\/me$/)).toHaveLength(3 + 2 + 2);
  });
});
