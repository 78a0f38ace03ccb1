import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IdentityWorkerModule, ListTenantStates } from '#libs/identity';
import { Bus, PersistenceModule, UnitOfWork } from '#platform/persistence';
import { breachesOf, readInvariants } from './invariants.js';

/** A query may look at all events of a store. */
const STATEMENT_TIMEOUT_MS = 300_000;

@Module({})
class VerifyInvariantsModule {}

/** Asks every invariant of every store, deleted ones too, and says what does not hold. */
async function verify(url: string, folder: string): Promise<boolean> {
  const persistence = PersistenceModule.forRoot({
    main: { url, max: 2 },
    applicationName: 'recrate-verify-invariants',
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    acquireTimeoutMs: STATEMENT_TIMEOUT_MS,
    slowQueryMs: STATEMENT_TIMEOUT_MS,
  });
  const root = { module: VerifyInvariantsModule, imports: [persistence, IdentityWorkerModule] };
  const app = await NestFactory.createApplicationContext(root, { logger: false, abortOnError: false });
  const invariants = readInvariants(folder);
  const tenants = await app.get(Bus).execute(new ListTenantStates());
  let broken = 0;
  for (const { tenantId } of tenants) {
    const breaches = await app
      .get(UnitOfWork)
      .run({ tenantId, readOnly: true }, (unit) => breachesOf(unit, invariants));
    broken += breaches.length;
    for (const breach of breaches) process.stdout.write(`${JSON.stringify(breach)}\n`);
  }
  await app.close();
  process.stdout.write(`${invariants.length} invariants asked of ${tenants.length} stores, ${broken} breaches\n`);
  return broken === 0;
}

try {
  const [folder] = process.argv.slice(2);
  const url = process.env['DATABASE_URL_WORKER'];
  if (!url) throw new Error('DATABASE_URL_WORKER is not set: give the URL of the database as the role app_worker');
  if (folder === undefined) throw new Error('name the folder with the invariants');
  process.exitCode = (await verify(url, folder)) ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
