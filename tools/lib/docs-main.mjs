import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { ensureBuild } from './build.mjs';
import { capture } from './commands.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { inRoot } from './paths.mjs';
import { SetupError } from './setup-error.mjs';
import { createSteps } from './steps.mjs';

/**
 * `npm run docs`: writes the pages that are made of code, below docs or the folder that is named.
 * @param {string[]} args
 */
export async function main([folder = inRoot('docs')]) {
  const target = resolve(folder);
  await ensureDependencies({ onlyIfNone: true });
  const steps = createSteps();
  await steps.run('build', async (title) => title((await ensureBuild()) ? 'built' : 'build is current'));
  mkdirSync(target, { recursive: true });
  await steps.run('configuration.md, problems.md, events.md', async () => {
    const { code, output } = await capture(['tools/lib/docs-pages.mjs', target]);
    if (code !== 0) throw new SetupError('The pages could not be made.', output.slice(-3_000));
  });
}
