import { ensureBuild } from './build.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { createSteps } from './steps.mjs';

/** `npm run build`: both apps into `dist`. */
export async function main() {
  await ensureDependencies({ onlyIfNone: true });
  await createSteps().run('build', async (title) => title((await ensureBuild()) ? 'built' : 'build is current'));
}
