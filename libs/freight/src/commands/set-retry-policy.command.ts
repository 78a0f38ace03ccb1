import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { checkIfMatch, type IfMatchCondition, Nested, OneOf, WholeNumber } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import type { RetryPolicy, RetryRule } from '../domain/retry-plan.js';
import { lockedVersion } from '../locked-version.js';
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

/** The policy that was sent, as it is stored. */
export function policyOf({ perClass, ...rule }: SetRetryPolicyInput): RetryPolicy {
  return { ...rule, perClass: perClass ?? {} };
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
    checkIfMatch(ifMatch, await lockedVersion(unit, 'retry_policy', 'policy'));
    await unit.run(
      `update freight.retry_policy set policy = $2, version = version + 1, updated_at = clock_timestamp()
        where tenant_id = $1`,
      [unit.tenantId, JSON.stringify(policyOf(input))],
    );
    return retryPolicyView(await this.policies.current(unit));
  }
}
