import { ensureBuild } from './build.mjs';
import { show } from './commands.mjs';
import { urlsFor } from './database.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { readEnvFile } from './env-file.mjs';
import { readJson } from './files.mjs';
import { inData, inRoot } from './paths.mjs';
import { databaseUrl, OWNER } from './postgres.mjs';
import { loadSecrets } from './secrets.mjs';
import { SetupError } from './setup-error.mjs';

/** `npm run audit:verify`: walks every store's audit chain; exit 1 when one is broken. The database must be running. */
export async function main() {
  readEnvFile();
  await ensureDependencies({ onlyIfNone: true });
  await ensureBuild();
  const env = { DATABASE_URL_WORKER: workerUrl(process.env) };
  process.exitCode = await show([inRoot('dist', 'apps', 'worker', 'src', 'verify-audit.js')], env);
}

function workerUrl(env) {
  if (env.DATABASE_URL_WORKER) return env.DATABASE_URL_WORKER;
  const secrets = loadSecrets(inData('secrets.json'));
  const port = readJson(inData('ports.json'))?.postgres;
  if (!env.DATABASE_URL && !port) throw new SetupError('There is no database yet. Type: npm start');
  const embedded = () => databaseUrl({ user: OWNER, password: secrets.ownerPassword, port, database: 'recrate' });
  return urlsFor(env.DATABASE_URL ?? embedded(), { env, secrets }).DATABASE_URL_WORKER;
}
