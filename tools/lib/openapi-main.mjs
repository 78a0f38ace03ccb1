import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ensureBuild } from './build.mjs';
import { capture } from './commands.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { inRoot } from './paths.mjs';
import { SetupError } from './setup-error.mjs';
import { createSteps } from './steps.mjs';

const COMMITTED = inRoot('docs', 'openapi');

/**
 * `npm run openapi`: writes the API documents from the code, below docs/openapi or the folder that is named. With `--release`
 * the document becomes the released contract, against which the next changes are held; no break is declared then.
 * @param {string[]} args
 */
export async function main(args) {
  const isRelease = args.includes('--release');
  const [folder = COMMITTED] = args.filter((arg) => !arg.startsWith('--'));
  const target = resolve(folder);
  await ensureDependencies({ onlyIfNone: true });
  const steps = createSteps();
  await steps.run('build', async (title) => title((await ensureBuild()) ? 'built' : 'build is current'));
  const draft = mkdtempSync(join(tmpdir(), 'recrate-openapi-'));
  try {
    await steps.run('types and comments', () => run('tools/lib/openapi-metadata.mjs', draft));
    mkdirSync(target, { recursive: true });
    await steps.run('documents', () =>
      run('--conditions=document', 'dist/apps/api/src/openapi/main.js', draft, target),
    );
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  if (!isRelease) return;
  cpSync(join(target, 'recrate.json'), join(target, 'released.json'));
  writeFileSync(join(target, 'breaking-changes.json'), '[]\n');
}

async function run(...args) {
  const { code, output } = await capture(args);
  if (code !== 0) throw new SetupError('The API document could not be made.', output.slice(-3_000));
}
