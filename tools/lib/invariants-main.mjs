import { ensureBuild } from './build.mjs';
import { show } from './commands.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { readEnvFile } from './env-file.mjs';
import { inRoot } from './paths.mjs';
import { workerUrl } from './worker-url.mjs';

/** `npm run invariants`: asks every invariant of every store; exit 1 when one does not hold. The database must be running. */
export async function main() {
  readEnvFile();
  await ensureDependencies({ onlyIfNone: true });
  await ensureBuild();
  const env = { DATABASE_URL_WORKER: workerUrl(process.env) };
  process.exitCode = await show(
    [inRoot('dist', 'apps', 'worker', 'src', 'verify-invariants.js'), inRoot('tools', 'invariants')],
    env,
  );
}
