import { Global, Module, type Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { CursorCodec, type ListRequest, type ListSpec, type PageQuery, readListRequest } from '#platform/http';
import { type Actor, type Mode, operatorActor, parseId } from '#platform/kernel';
import { JobsClientModule } from '#platform/jobs';
import { Bus, PersistenceModule, RedisModule, UnitOfWork } from '#platform/persistence';
import type { TestDatabase } from '../../../test/support/database.js';
import { CreateTenant } from '../src/commands/create-tenant.command.js';
import { IssueApiKey, type IssueApiKeyInput } from '../src/commands/issue-api-key.command.js';
import { CredentialService } from '../src/credentials/credential.service.js';
import { IdentityModule, IdentityWorkerModule } from '../src/identity.module.js';
import type { IssuedApiKeyView } from '../src/identity.views.js';

/** The operator's credential in tests. */
export const OPERATOR_TOKEN = 'op_0123456789abcdefghijklmnopqrstuvwxyz';
/** The installation's secret in tests. */
export const SECRET = 'an installation secret for tests, long enough';
export const operator = operatorActor();

@Global()
@Module({ providers: [{ provide: CursorCodec, useFactory: () => new CursorCodec(SECRET) }], exports: [CursorCodec] })
class CursorsModule {}

const SETTINGS = { applicationName: 'test', statementTimeoutMs: 5_000, acquireTimeoutMs: 2_000, slowQueryMs: 10_000 };

/** A tenant with a key that may do everything. */
export interface Store {
  readonly tenantId: string;
  readonly key: IssuedApiKeyView;
  readonly actor: Actor;
}

/** Identity as one api process has it, without its HTTP edge. */
export class IdentityApp {
  private constructor(private readonly module: TestingModule) {}

  static async start(db: TestDatabase): Promise<IdentityApp> {
    const persistence = PersistenceModule.forRoot({
      ...SETTINGS,
      main: { url: db.rtUrl, max: 5 },
      platform: { url: db.platformUrl, max: 3 },
    });
    const identity = IdentityModule.forRoot({ secret: SECRET, operatorToken: OPERATOR_TOKEN });
    const redis = RedisModule.forRoot({ connectionName: 'test' });
    return IdentityApp.init(persistence, redis, JobsClientModule, CursorsModule, identity);
  }

  /** What the worker has of it, as the worker's role. */
  static async startWorker(db: TestDatabase): Promise<IdentityApp> {
    const persistence = PersistenceModule.forRoot({ ...SETTINGS, main: { url: db.workerUrl, max: 3 } });
    return IdentityApp.init(persistence, IdentityWorkerModule);
  }

  private static async init(
    ...imports: Parameters<typeof Test.createTestingModule>[0]['imports'] & object
  ): Promise<IdentityApp> {
    const module = await Test.createTestingModule({ imports }).compile();
    module.enableShutdownHooks([]);
    await module.init();
    return new IdentityApp(module);
  }

  get<T>(type: Type<T>): T {
    return this.module.get(type, { strict: false });
  }

  get bus(): Bus {
    return this.get(Bus);
  }

  get work(): UnitOfWork {
    return this.get(UnitOfWork);
  }

  get credentials(): CredentialService {
    return this.get(CredentialService);
  }

  /** A new tenant with its first key. */
  async newStore(input: Partial<IssueApiKeyInput> = {}, mode: Mode = 'test'): Promise<Store> {
    const tenant = await this.bus.execute(new CreateTenant(operator, { name: 'A store', mode }));
    const tenantId = uuid('tenant', tenant.id);
    const key = await this.bus.execute(new IssueApiKey(operator, { name: 'first', ...input }, tenantId));
    return { tenantId, key, actor: await this.actorOf(key) };
  }

  /** Who calls with a key. */
  async actorOf(key: IssuedApiKeyView): Promise<Actor> {
    return (await this.credentials.authenticate(key.key, '127.0.0.1')).actor;
  }

  async close(): Promise<void> {
    await this.module.close();
  }
}

/** The UUID inside a typed id. */
export function uuid(kind: Parameters<typeof parseId>[0], id: string): string {
  const value = parseId(kind, id);
  if (value === undefined) throw new Error(`${id} is no id of a ${kind}`);
  return value;
}

/** A list query as the edge reads it. */
export function listed<Q extends PageQuery>(
  spec: ListSpec<Q>,
  parameters: Record<string, string> = {},
): ListRequest<Q> {
  return readListRequest(spec, parameters);
}
