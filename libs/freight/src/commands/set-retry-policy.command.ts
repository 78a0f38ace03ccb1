import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { checkIfMatch, type IfMatchCondition, Nested, OneOf, WholeNumber } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import type { RetryPolicy, RetryRule } from '../domain/retry-plan.js';
import { RetryPolicies } from '../retry-policies.js';
import { type RetryPolicyView, retryPolicyView } from '../retry-policy.views.js';

const HOUR_MS = 3_600_000;

export class RetryRuleInput implements RetryRule {
  /**
   * Attempts of a batch in all.
   * @example 6
   */
  @WholeNumber({ min: 1, max: 50 })
  readonly maxAttempts!: number;

  /**
   * Longest pause after the first failed attempt, in ms.
   * @example 200
   */
  @WholeNumber({ min: 50, max: HOUR_MS })
  readonly baseMs!: number;

  /**
   * Longest pause at all, in ms.
   * @example 60000
   */
  @WholeNumber({ min: 50, max: 24 * HOUR_MS })
  readonly capMs!: number;

  /**
   * By how much the longest pause grows with each attempt.
   * @example 2
   */
  @WholeNumber({ min: 1, max: 10 })
  readonly multiplier!: number;

  /** `full`: a random pause up to the longest. */
  @OneOf(['full', 'none'])
  readonly jitter!: 'full' | 'none';
}

export class RetryRulesInput {
  @Nested(() => RetryRuleInput, { optional: true })
  readonly transient?: RetryRuleInput;

  @Nested(() => RetryRuleInput, { optional: true })
  readonly rate_limited?: RetryRuleInput;

  @Nested(() => RetryRuleInput, { optional: true })
  readonly internal?: RetryRuleInput;
}

export class SetRetryPolicyInput extends RetryRuleInput {
  @Nested(() => RetryRulesInput, { optional: true })
  readonly perClass?: RetryRulesInput;
}

/** Replaces the store's retry policy. Running jobs go by it from their next failure on. */
export class SetRetryPolicy extends Command<RetryPolicyView> {
  constructor(
    readonly actor: Actor,
    readonly change: { readonly input: SetRetryPolicyInput; readonly ifMatch?: IfMatchCondition },
  ) {
    super();
  }
}

@CommandHandler(SetRetryPolicy)
export class SetRetryPolicyHandler implements ICommandHandler<SetRetryPolicy> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly policies: RetryPolicies,
  ) {}

  async execute({ change: { input, ifMatch } }: SetRetryPolicy): Promise<RetryPolicyView> {
    const unit = this.work.current();
    const before = await unit.row<{ version: number }>(
      'select version from freight.retry_policy where tenant_id = $1 for update',
      [unit.tenantId],
    );
    checkIfMatch(ifMatch, before?.version ?? 0);
    const { perClass, ...rule } = input;
    const policy: RetryPolicy = { ...rule, perClass: perClass ?? {} };
    await unit.run(
      `insert into freight.retry_policy as p (tenant_id, policy) values ($1, $2)
       on conflict (tenant_id) do update set policy = excluded.policy, version = p.version + 1, updated_at = clock_timestamp()`,
      [unit.tenantId, JSON.stringify(policy)],
    );
    return retryPolicyView(await this.policies.current(unit));
  }
}
