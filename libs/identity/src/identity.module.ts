import { MikroOrmModule } from '@mikro-orm/nestjs';
import { type DynamicModule, Global, Module, type Provider } from '@nestjs/common';
import { OriginPolicy, UsageSink } from '#platform/http';
import { systemClock } from '#platform/kernel';
import { ApiKeysController } from './api-keys.controller.js';
import { AuditLogController } from './audit-log.controller.js';
import { AuditLog } from './audit/audit-log.js';
import { CreateTenantHandler } from './commands/create-tenant.command.js';
import { DeleteTenantHandler } from './commands/delete-tenant.command.js';
import { IssueApiKeyHandler } from './commands/issue-api-key.command.js';
import { RecordOperatorActionHandler } from './commands/record-operator-action.command.js';
import { RenameTenantHandler } from './commands/rename-tenant.command.js';
import { ResumeTenantHandler } from './commands/resume-tenant.command.js';
import { RevokeApiKeyHandler } from './commands/revoke-api-key.command.js';
import { RotateApiKeyHandler } from './commands/rotate-api-key.command.js';
import { SetCorsOriginsHandler } from './commands/set-cors-origins.command.js';
import { SetTenantFlowHandler } from './commands/set-tenant-flow.command.js';
import { SetTenantLimitsHandler } from './commands/set-tenant-limits.command.js';
import { SuspendTenantHandler } from './commands/suspend-tenant.command.js';
import { CorsOriginsController } from './cors-origins.controller.js';
import { ApiKeyMint } from './credentials/api-key-mint.js';
import { ApiKeyStrategy } from './credentials/api-key.strategy.js';
import { CredentialService } from './credentials/credential.service.js';
import { CredentialSource } from './credentials/credential-source.js';
import { OperatorStrategy, OperatorToken } from './credentials/operator.strategy.js';
import { SecretHash } from './credentials/secret-hash.js';
import { ApiKey } from './entities/api-key.entity.js';
import { Tenant } from './entities/tenant.entity.js';
import { MeController } from './me.controller.js';
import { OriginDirectory } from './origins/origin-directory.js';
import { GetApiKeyHandler } from './queries/get-api-key.query.js';
import { GetCorsOriginsHandler } from './queries/get-cors-origins.query.js';
import { GetTenantHandler } from './queries/get-tenant.query.js';
import { GetUsageHandler } from './queries/get-usage.query.js';
import { ListApiKeysHandler } from './queries/list-api-keys.query.js';
import { ListAuditLogHandler } from './queries/list-audit-log.query.js';
import { ListTenantStatesHandler } from './queries/list-tenant-states.query.js';
import { ListTenantsHandler } from './queries/list-tenants.query.js';
import { VerifyAuditChainHandler } from './queries/verify-audit-chain.query.js';
import { WhoAmIHandler } from './queries/who-am-i.query.js';
import { TenantsController } from './tenants.controller.js';
import { UsageRecorder } from './usage/usage-recorder.js';
import { LastUse } from './usage/last-use.js';

/** What identity is told by the api. */
export interface IdentityOptions {
  /** The installation's secret, of which the pepper of keys is derived: with another one no stored key works. */
  readonly secret: string;
  /** The operator's credential. */
  readonly operatorToken: string;
}

const HANDLERS: Provider[] = [
  CreateTenantHandler,
  DeleteTenantHandler,
  IssueApiKeyHandler,
  RecordOperatorActionHandler,
  RenameTenantHandler,
  ResumeTenantHandler,
  RevokeApiKeyHandler,
  RotateApiKeyHandler,
  SetCorsOriginsHandler,
  SetTenantFlowHandler,
  SetTenantLimitsHandler,
  SuspendTenantHandler,
  GetApiKeyHandler,
  GetCorsOriginsHandler,
  GetTenantHandler,
  GetUsageHandler,
  ListApiKeysHandler,
  ListAuditLogHandler,
  ListTenantsHandler,
  VerifyAuditChainHandler,
  WhoAmIHandler,
];

/** Tenants, keys, credentials and the audit log, for the api. Global: the edge asks it who calls and from where. */
@Global()
@Module({})
export class IdentityModule {
  static forRoot({ secret, operatorToken }: IdentityOptions): DynamicModule {
    return {
      module: IdentityModule,
      imports: [MikroOrmModule.forFeature([Tenant, ApiKey])],
      providers: [
        ...HANDLERS,
        { provide: SecretHash, useFactory: () => new SecretHash(secret) },
        { provide: OperatorToken, useFactory: () => new OperatorToken(operatorToken) },
        { provide: LastUse, useFactory: () => new LastUse(systemClock) },
        ApiKeyMint,
        ApiKeyStrategy,
        AuditLog,
        CredentialService,
        CredentialSource,
        OperatorStrategy,
        OriginDirectory,
        UsageRecorder,
        { provide: OriginPolicy, useExisting: OriginDirectory },
        { provide: UsageSink, useExisting: UsageRecorder },
      ],
      exports: [OriginPolicy, UsageSink],
    };
  }
}

/** Routes of identity. */
@Module({
  controllers: [ApiKeysController, AuditLogController, CorsOriginsController, MeController, TenantsController],
})
export class IdentityHttpModule {}

/** What the worker needs of identity: which tenants there are, and whether their audit logs hold. No credentials. */
@Module({ providers: [ListTenantStatesHandler, VerifyAuditChainHandler] })
export class IdentityWorkerModule {}
