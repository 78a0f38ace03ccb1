import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../../support/project.js';

const run = promisify(execFile);

/** Runs one of the generators of `npm run ...` into a folder of its own, which `remove` takes away. */
export async function generated(tool: string): Promise<{ folder: string; remove: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'recrate-contract-'));
  await run(process.execPath, [join(ROOT, 'tools', tool), folder], { cwd: ROOT, env: withoutJest() });
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Our environment without what Jest's own Node needs. */
export function withoutJest(): NodeJS.ProcessEnv {
  return { ...process.env, NODE_OPTIONS: '' };
}

/** The first line in which two texts differ; undefined where they are the same. */
export function firstDifference(
  committed: string,
  made: string,
): { line: number; committed: string; made: string } | undefined {
  if (committed === made) return undefined;
  const [old, now] = [committed.split('\n'), made.split('\n')];
  const at = old.findIndex((line, index) => line !== now[index]);
  const index = at === -1 ? old.length : at;
  return { line: index + 1, committed: old[index] ?? '(end)', made: now[index] ?? '(end)' };
}
