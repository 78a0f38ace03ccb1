import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IdentityWorkerModule, ListTenantStates, VerifyAuditChain } from '#libs/identity';
import { systemActor } from '#platform/kernel';
import { Bus, PersistenceModule } from '#platform/persistence';

/** A long chain is read page by page; a page may take this long. */
const STATEMENT_TIMEOUT_MS = 60_000;

@Module({})
class VerifyAuditModule {}

/** Walks the audit chain of every store, deleted ones too, and says where one does not hold. */
async function verify(url: string): Promise<boolean> {
  const persistence = PersistenceModule.forRoot({
    main: { url, max: 2 },
    applicationName: 'recrate-verify-audit',
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    acquireTimeoutMs: STATEMENT_TIMEOUT_MS,
    slowQueryMs: STATEMENT_TIMEOUT_MS,
  });
  const root = { module: VerifyAuditModule, imports: [persistence, IdentityWorkerModule] };
  const app = await NestFactory.createApplicationContext(root, { logger: false, abortOnError: false });
  const bus = app.get(Bus);
  let entries = 0;
  let broken = 0;
  for (const { tenantId } of await bus.execute(new ListTenantStates())) {
    const result = await bus.execute(new VerifyAuditChain(systemActor(tenantId, 'verify-audit')));
    entries += result.entries;
    if (!result.broken) continue;
    broken += 1;
    process.stdout.write(`${JSON.stringify(result)}\n`);
  }
  await app.close();
  process.stdout.write(`${entries} entries hold, ${broken} stores with a broken chain\n`);
  return broken === 0;
}

try {
  const url = process.env['DATABASE_URL_WORKER'];
  if (!url) throw new Error('DATABASE_URL_WORKER is not set: give the URL of the database as the role app_worker');
  process.exitCode = (await verify(url)) ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
