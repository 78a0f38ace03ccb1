import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseId } from '#platform/kernel';
import { type AppProcess, startWorkerProcess } from '../support/api-process.js';
import { EXAMPLE_PARKED_COMMAND, startTestApi, type TestApi } from '../support/api.js';
import { filesBelow, ROOT, textOf } from '../support/project.js';
import { OwnRedis } from '../support/redis-server.js';

/** Where a page's first block takes its address and credentials from; here they come from the test. */
const GIVEN = /^(?:RECRATE|KEY|OPERATOR)=.*$/gm;

function shellOf(page: string): string {
  const blocks = [...textOf(page).matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block = '']) =>
    block.replace(GIVEN, ''),
  );
  return ['set -euo pipefail', ...blocks].join('\n');
}

function run(
  script: string,
  env: Record<string, string>,
  cwd: string,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn('bash', ['-c', script], { cwd, env: { ...process.env, NODE_OPTIONS: '', ...env } });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('close', (code) => resolve({ code, output }));
  });
}

describe('the pages that show how to call the api', () => {
  let api: TestApi;
  let redis: OwnRedis;
  let worker: AppProcess;
  let folder: string;
  const pages = ['README.md', ...filesBelow('docs/guides', '.md'), 'docs/runbooks/projections.md'];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'recrate-pages-'));
    mkdirSync(join(folder, 'docs'));
    symlinkSync(join(ROOT, 'docs/samples'), join(folder, 'docs/samples'));
    redis = await OwnRedis.create();
    await redis.start();
    const shared = { REDIS_URL: redis.url, UPLOADS_FOLDER: join(folder, 'uploads') };
    api = await startTestApi(shared);
    worker = await startWorkerProcess({
      ...shared,
      NODE_ENV: 'test',
      ADMIN_PORT: '0',
      DATABASE_URL_WORKER: api.database.workerUrl,
      RECRATE_SECRET: randomBytes(32).toString('base64url'),
    });
  }, 120_000);
  afterAll(async () => {
    await worker.kill();
    await api.close();
    await redis.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(pages)('%s runs as it is written', async (page) => {
    const { key, tenantId } = await api.makeTenant();
    for (const store of [tenantId, (await api.makeTenant()).tenantId]) {
      await api.database.admin(EXAMPLE_PARKED_COMMAND, [parseId('tenant', store)]);
    }
    const { code, output } = await run(
      shellOf(page),
      { RECRATE: api.url, KEY: key, OPERATOR: api.operatorToken },
      folder,
    );
    expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' });
    expect(output).not.toMatch(/"status":\s*5\d\d/);
  });

  it('shows in the first five minutes what it says it shows', async () => {
    const { key } = await api.makeTenant('Demo Records');
    const { output } = await run(shellOf('README.md'), { RECRATE: api.url, KEY: key }, folder);
    expect(output).toContain('Demo Records');
    const states = [...output.matchAll(/^\{"id":"job_.*"state":"(completed\w*)".*"counts":(\{[^}]*\})/gm)];
    expect(states.map(([, state, counts = '{}']) => [state, JSON.parse(counts)])).toEqual([
      ['completed_with_errors', expect.objectContaining({ total: 16, created: 13, failed: 3 })],
      ['completed', expect.objectContaining({ total: 16, created: 16, failed: 0, retried: 3 })],
    ]);
    const codes = [...output.matchAll(/"code":"(mapping\.\w+)"/g)].map(([, code]) => code);
    expect(codes.sort()).toEqual(['mapping.not_a_date', 'mapping.not_money', 'mapping.not_money']);
    expect(output).toContain('"title":"Lanterns for Ruth"');
    expect(output).toContain('"name":"Auditor"');
    expect(output).toContain('api-key.issued');
    expect(output).toContain('urn:recrate:problem:forbidden');
    expect(output).toContain('urn:recrate:problem:unauthenticated');
  });
});
