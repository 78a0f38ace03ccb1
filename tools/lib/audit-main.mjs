import { ensureBuild } from './build.mjs';
import { show } from './commands.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { readEnvFile } from './env-file.mjs';
import { inRoot } from './paths.mjs';
import { workerUrl } from './worker-url.mjs';

/** `npm run audit:verify`: walks every store's audit chain; exit 1 when one is broken. The database must be running. */
export async function main() {
  readEnvFile();
  await ensureDependencies({ onlyIfNone: true });
  await ensureBuild();
  const env = { DATABASE_URL_WORKER: workerUrl(process.env) };
  process.exitCode = await show([inRoot('dist', 'apps', 'worker', 'src', 'verify-audit.js')], env);
}
