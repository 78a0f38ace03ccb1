import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseId } from '#platform/kernel';
import { EXAMPLE_PARKED_COMMAND, startTestApi, type TestApi } from '../support/api.js';
import { filesBelow, textOf } from '../support/project.js';

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
  let folder: string;
  const pages = ['README.md', ...filesBelow('docs/guides', '.md'), 'docs/runbooks/projections.md'];

  beforeAll(async () => {
    api = await startTestApi();
    folder = mkdtempSync(join(tmpdir(), 'recrate-pages-'));
  });
  afterAll(async () => {
    await api.close();
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
    expect(output).toContain('"name":"Auditor"');
    expect(output).toContain('api-key.issued');
    expect(output).toContain('urn:recrate:problem:forbidden');
    expect(output).toContain('urn:recrate:problem:unauthenticated');
  });
});
