import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { IfMatchCondition } from '#platform/http';
import { type Actor, formatId } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { AuditLog } from '../audit/audit-log.js';
import { CredentialService } from '../credentials/credential.service.js';
import { databaseNow } from '../database-clock.js';
import { lockedApiKey } from '../entities/locked.js';
import { type ApiKeyView, apiKeyView } from '../identity.views.js';

/** Ends one of the store's keys for ever, within a second. A key may end itself. */
export class RevokeApiKey extends Command<ApiKeyView> {
  constructor(
    readonly actor: Actor,
    readonly apiKeyId: string,
    readonly ifMatch?: IfMatchCondition,
  ) {
    super();
  }
}

@CommandHandler(RevokeApiKey)
export class RevokeApiKeyHandler implements ICommandHandler<RevokeApiKey> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly audit: AuditLog,
    private readonly credentials: CredentialService,
  ) {}

  async execute({ actor, apiKeyId, ifMatch }: RevokeApiKey): Promise<ApiKeyView> {
    const unit = this.work.current();
    const key = await lockedApiKey(unit, apiKeyId, ifMatch);
    const now = await databaseNow(unit);
    key.revoke(now);
    const { tenantId, name } = key;
    const subject = formatId('apiKey', key.id);
    await this.audit.record({ actor, tenantId, action: 'api-key.revoked', subject, details: { name } });
    unit.afterCommit(() => this.credentials.forgetKey(key.keyId));
    return apiKeyView(key, key.stateAt(now));
  }
}
