import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type IfMatchCondition, WholeNumber } from '#platform/http';
import { type Actor, formatId } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { AuditLog } from '../audit/audit-log.js';
import { ApiKeyMint } from '../credentials/api-key-mint.js';
import { CredentialService } from '../credentials/credential.service.js';
import { databaseNow } from '../database-clock.js';
import { grantedBy } from '../domain/grants.js';
import { lockedApiKey } from '../entities/locked.js';
import { apiKeyView, type IssuedApiKeyView } from '../identity.views.js';

/** 7 days, from the API conventions. */
const MOST_OVERLAP_SECONDS = 7 * 86_400;

export class RotateApiKeyInput {
  /**
   * How long the old key works beside the new one: from 0 s (not at all) to 7 days.
   * @example 3600
   */
  @WholeNumber({ min: 0, max: MOST_OVERLAP_SECONDS })
  readonly overlapSeconds!: number;
}

/** A new key takes over from one of the store's keys, with the same permissions, addresses and expiry. */
export class RotateApiKey extends Command<IssuedApiKeyView> {
  constructor(
    readonly actor: Actor,
    readonly apiKeyId: string,
    readonly change: { readonly input: RotateApiKeyInput; readonly ifMatch?: IfMatchCondition },
  ) {
    super();
  }
}

@CommandHandler(RotateApiKey)
export class RotateApiKeyHandler implements ICommandHandler<RotateApiKey> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly mint: ApiKeyMint,
    private readonly audit: AuditLog,
    private readonly credentials: CredentialService,
  ) {}

  async execute({ actor, apiKeyId, change }: RotateApiKey): Promise<IssuedApiKeyView> {
    const unit = this.work.current();
    const old = await lockedApiKey(unit, apiKeyId, change.ifMatch);
    const { tenantId, name, mode, allowedIps, expiresAt } = old;
    // Whoever gets the new secret can do what it can do, so the rule for issuing holds here too.
    const scopes = grantedBy(actor, old.scopes);
    const createdAt = await databaseNow(unit);
    old.assertMayRotate(createdAt);
    const facts = { tenantId, name, mode, scopes, allowedIps, createdAt, expiresAt, rotatedFrom: old.id };
    const { apiKey, token } = await this.mint.make(facts);
    old.rotateTo(apiKey.id, change.input.overlapSeconds, createdAt);
    const subject = formatId('apiKey', old.id);
    const details = { to: formatId('apiKey', apiKey.id), overlapSeconds: change.input.overlapSeconds };
    await this.audit.record({ actor, tenantId, action: 'api-key.rotated', subject, details });
    unit.afterCommit(() => this.credentials.forgetKey(old.keyId));
    return { ...apiKeyView(apiKey, apiKey.stateAt(createdAt)), key: token };
  }
}
