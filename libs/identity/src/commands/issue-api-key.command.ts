import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { field, Instant, notFound, OneOf, Text, type ValueRule } from '#platform/http';
import { type Actor, ALL_PERMISSIONS, formatId, type Permission } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { AuditLog } from '../audit/audit-log.js';
import { isAddressOrNetwork } from '../credentials/allowed-addresses.js';
import { ApiKeyMint } from '../credentials/api-key-mint.js';
import { databaseNow } from '../database-clock.js';
import { grantedBy } from '../domain/grants.js';
import { identityErrors } from '../domain/identity.errors.js';
import { assertTenantMay } from '../domain/tenant-lifecycle.js';
import { Tenant } from '../entities/tenant.entity.js';
import { apiKeyView, type IssuedApiKeyView } from '../identity.views.js';

/** Networks of one key: more would be a firewall. */
const MOST_ADDRESSES = 20;

const addressRule: ValueRule = {
  name: 'address',
  refuse: (value) =>
    typeof value === 'string' && isAddressOrNetwork(value)
      ? undefined
      : { code: 'address', message: 'must be an IP address or a network such as 192.0.2.0/24' },
  schema: { type: 'string', example: '192.0.2.0/24' },
};

export class IssueApiKeyInput {
  /**
   * What the key is for, for people.
   * @example "ERP"
   */
  @Text({ max: 100 })
  readonly name!: string;

  /**
   * What the key may do; left out: all that the issuing key may do.
   * @example ["stock:read", "stock:write"]
   */
  @OneOf(ALL_PERMISSIONS, { optional: true, list: { min: 1, max: ALL_PERMISSIONS.length } })
  readonly scopes?: Permission[];

  /** From when on the key does not work; left out: it works until it is revoked. */
  @Instant({ optional: true, example: '2099-12-31T23:59:59.000Z' })
  readonly expiresAt?: string;

  /** IP addresses and networks the key may be used from; left out: from anywhere. */
  @field(addressRule, { optional: true, list: { max: MOST_ADDRESSES } })
  readonly allowedIps?: string[];
}

/** A new API key of a store. Its secret is in the answer and nowhere else. */
export class IssueApiKey extends Command<IssuedApiKeyView> {
  /** @param tenantId the store, where the operator issues the key */
  constructor(
    readonly actor: Actor,
    readonly input: IssueApiKeyInput,
    readonly tenantId: string = actor.tenantId,
  ) {
    super();
  }
}

@CommandHandler(IssueApiKey)
export class IssueApiKeyHandler implements ICommandHandler<IssueApiKey> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly mint: ApiKeyMint,
    private readonly audit: AuditLog,
  ) {}

  async execute({ actor, input, tenantId }: IssueApiKey): Promise<IssuedApiKeyView> {
    const unit = this.work.current();
    const tenant = await unit.em.findOne(Tenant, { tenantId });
    if (!tenant) throw notFound();
    assertTenantMay(tenant.state, 'issue_key');
    const { name, allowedIps = [] } = input;
    const scopes = grantedBy(actor, input.scopes);
    const createdAt = await databaseNow(unit);
    const expiresAt = input.expiresAt === undefined ? null : new Date(input.expiresAt);
    if (expiresAt && expiresAt <= createdAt) throw expiryInPast();
    const { apiKey, token } = await this.mint.make({
      ...{ tenantId, name, mode: tenant.mode, scopes, allowedIps, createdAt, expiresAt },
      rotatedFrom: null,
    });
    const view = apiKeyView(apiKey, apiKey.stateAt(createdAt));
    const details = { name, prefix: view.prefix, scopes, allowedIps, expiresAt: view.expiresAt };
    await this.audit.record({
      actor,
      tenantId,
      action: 'api-key.issued',
      subject: formatId('apiKey', apiKey.id),
      details,
    });
    return { ...view, key: token };
  }
}

function expiryInPast(): Error {
  const message = 'This value must lie in the future.';
  return identityErrors.expiry_in_past('The key would have expired already.', {
    errors: [{ pointer: '/expiresAt', code: 'future', message }],
  });
}
