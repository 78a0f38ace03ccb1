import { urlsFor } from './database.mjs';
import { readJson } from './files.mjs';
import { inData } from './paths.mjs';
import { databaseUrl, OWNER } from './postgres.mjs';
import { loadSecrets } from './secrets.mjs';
import { SetupError } from './setup-error.mjs';

/** URL of the running database as the worker's role. @throws SetupError when there is none yet */
export function workerUrl(env) {
  if (env.DATABASE_URL_WORKER) return env.DATABASE_URL_WORKER;
  const secrets = loadSecrets(inData('secrets.json'));
  const port = readJson(inData('ports.json'))?.postgres;
  if (!env.DATABASE_URL && !port) throw new SetupError('There is no database yet. Type: npm start');
  const embedded = () => databaseUrl({ user: OWNER, password: secrets.ownerPassword, port, database: 'recrate' });
  return urlsFor(env.DATABASE_URL ?? embedded(), { env, secrets }).DATABASE_URL_WORKER;
}
