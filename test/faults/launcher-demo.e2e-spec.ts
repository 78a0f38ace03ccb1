import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const tool = (name: string): Promise<unknown> => import(new URL(`../../tools/lib/${name}.mjs`, import.meta.url).href);

describe('the demo tenant', () => {
  interface Demo {
    ensureDemo(
      url: string,
      token: string,
      path: string,
    ): Promise<{ tenantId: string; apiKey: string; created: boolean }>;
  }
  const OPERATOR = 'op_test';
  let dir: string;
  let api: Server;
  let url: string;
  let path: string;
  let keys: Set<string>;
  let tenants: Map<string, string>;
  let answers: { key: boolean };

  /** As the api: the same idempotency key makes a thing once. */
  const answer = (request: IncomingMessage): [number, object] => {
    const bearer = request.headers.authorization?.replace('Bearer ', '') ?? '';
    if (request.url === '/api/v1/me') return keys.has(bearer) ? [200, {}] : [401, {}];
    if (bearer !== OPERATOR) return [401, {}];
    const attempt = String(request.headers['idempotency-key']);
    if (request.url === '/api/v1/platform/tenants') {
      if (!tenants.has(attempt)) tenants.set(attempt, `ten_${tenants.size + 1}`);
      return [201, { id: tenants.get(attempt) }];
    }
    const key = `rk_test_${keys.size + 1}`;
    keys.add(key);
    return [201, answers.key ? { key } : {}];
  };

  beforeEach(async () => {
    keys = new Set();
    tenants = new Map();
    answers = { key: true };
    dir = mkdtempSync(join(tmpdir(), 'recrate-demo-'));
    path = join(dir, 'demo.json');
    api = createServer((request, response) => {
      const [status, body] = answer(request.resume());
      response.writeHead(status).end(JSON.stringify(body));
      answers.key = true;
    });
    await once(api.listen(0, '127.0.0.1'), 'listening');
    url = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    api.closeAllConnections();
    await once(api.close(), 'close');
    rmSync(dir, { recursive: true, force: true });
  });

  it('is made once and found again', async () => {
    const { ensureDemo } = (await tool('demo')) as Demo;
    const made = await ensureDemo(url, OPERATOR, path);
    expect(made).toMatchObject({ tenantId: 'ten_1', apiKey: 'rk_test_1', created: true });
    expect(await ensureDemo(url, OPERATOR, path)).toMatchObject({ ...made, created: false });
  });

  it.each([
    ['before the tenant was noted', ({ attempt }: Record<string, string>) => ({ attempt })],
    ['before the key was noted', ({ attempt, tenantId }: Record<string, string>) => ({ attempt, tenantId })],
  ])('is one tenant even when the start was killed %s', async (_name, cut) => {
    const { ensureDemo } = (await tool('demo')) as Demo;
    await ensureDemo(url, OPERATOR, path);
    writeFileSync(path, JSON.stringify(cut(JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>)));
    expect((await ensureDemo(url, OPERATOR, path)).tenantId).toBe('ten_1');
    expect(tenants.size).toBe(1);
  });

  it('gets another key when the answer with the first one was lost', async () => {
    const { ensureDemo } = (await tool('demo')) as Demo;
    tenants.set('a-tenant', 'ten_1');
    writeFileSync(path, JSON.stringify({ attempt: 'a', tenantId: 'ten_1' }));
    answers.key = false;
    expect((await ensureDemo(url, OPERATOR, path)).apiKey).toBe('rk_test_2');
  });

  it('is made anew in a database that does not know it', async () => {
    const { ensureDemo } = (await tool('demo')) as Demo;
    await ensureDemo(url, OPERATOR, path);
    keys.clear();
    expect(await ensureDemo(url, OPERATOR, path)).toMatchObject({ tenantId: 'ten_2', created: true });
  });
});
