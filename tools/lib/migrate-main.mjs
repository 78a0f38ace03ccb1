import { ensureBuild } from './build.mjs';
import { checkGiven, urlsFor } from './database.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { readEnvFile } from './env-file.mjs';
import { runMigrations } from './migrations.mjs';
import { inData } from './paths.mjs';
import { checkMachine } from './preflight.mjs';
import { loadSecrets } from './secrets.mjs';
import { SetupError } from './setup-error.mjs';

/** `npm run migrate`: the database of DATABASE_URL, without starting anything. */
export async function main() {
  readEnvFile();
  const { env } = process;
  if (!env.DATABASE_URL)
    throw new SetupError('DATABASE_URL is not set. The embedded database is migrated by: npm start');
  checkMachine();
  await ensureDependencies({ onlyIfNone: true });
  await ensureBuild();
  const { ownerUrl, title } = await checkGiven(env.DATABASE_URL);
  const urls = urlsFor(ownerUrl, { env, secrets: loadSecrets(inData('secrets.json')) });
  console.log(`  ✓ ${title}: ${await runMigrations(urls)}`);
}
