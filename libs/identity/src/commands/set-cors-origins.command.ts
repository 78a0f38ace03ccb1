import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { checkIfMatch, field, type IfMatchCondition, type ValueRule } from '#platform/http';
import { type Actor, formatId } from '#platform/kernel';
import { type Unit, UnitOfWork } from '#platform/persistence';
import { AuditLog } from '../audit/audit-log.js';
import { isOrigin } from '../domain/origin.js';
import type { CorsOriginsView } from '../identity.views.js';
import { OriginDirectory } from '../origins/origin-directory.js';
import { readCorsOrigins } from '../origins/cors-origins.js';

/** A store has a handful of shops; a list of hundreds would be a mistake. */
const MOST_ORIGINS = 50;

const originRule: ValueRule = {
  name: 'origin',
  refuse: (value) =>
    typeof value === 'string' && isOrigin(value)
      ? undefined
      : { code: 'origin', message: 'must be an origin as browsers send it, such as https://shop.example' },
  schema: { type: 'string', example: 'https://shop.example', maxLength: 300 },
};

export class SetCorsOriginsInput {
  /** All origins that browsers may call from: scheme, host, and the port where it is not the usual one. No wildcards. */
  @field(originRule, { list: { max: MOST_ORIGINS } })
  readonly origins!: string[];
}

/** Replaces the store's list of allowed origins. The same list changes nothing. */
export class SetCorsOrigins extends Command<CorsOriginsView> {
  constructor(
    readonly actor: Actor,
    readonly input: SetCorsOriginsInput,
    readonly ifMatch?: IfMatchCondition,
  ) {
    super();
  }
}

@CommandHandler(SetCorsOrigins)
export class SetCorsOriginsHandler implements ICommandHandler<SetCorsOrigins> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly audit: AuditLog,
    private readonly directory: OriginDirectory,
  ) {}

  async execute({ actor, input, ifMatch }: SetCorsOrigins): Promise<CorsOriginsView> {
    const unit = this.work.current();
    const { tenantId } = unit;
    await lockSetting(unit);
    const before = await readCorsOrigins(unit);
    checkIfMatch(ifMatch, before.version);
    const wanted = [...new Set(input.origins)].sort();
    const added = wanted.filter((origin) => !before.origins.includes(origin));
    const removed = before.origins.filter((origin) => !wanted.includes(origin));
    if (added.length === 0 && removed.length === 0) return before;
    await unit.run(REPLACE, [tenantId, removed, added]);
    const subject = formatId('tenant', tenantId);
    await this.audit.record({
      actor,
      tenantId,
      action: 'tenant.origins-changed',
      subject,
      details: { added, removed },
    });
    unit.afterCommit(() => this.directory.forget());
    return readCorsOrigins(unit);
  }
}

/** The setting's row stands for the list: whoever holds its lock changes the list alone. */
async function lockSetting(unit: Unit): Promise<void> {
  await unit.run(
    `insert into identity.cors_setting (tenant_id, version, updated_at) values ($1, 0, clock_timestamp())
     on conflict (tenant_id) do nothing`,
    [unit.tenantId],
  );
  await unit.run('select 1 from identity.cors_setting where tenant_id = $1 for update', [unit.tenantId]);
}

const REPLACE = `
  with removed as (delete from identity.cors_origin where tenant_id = $1 and origin = any($2)),
       added as (insert into identity.cors_origin (tenant_id, origin) select $1, unnest($3::text[]))
  update identity.cors_setting set version = version + 1, updated_at = clock_timestamp() where tenant_id = $1`;
