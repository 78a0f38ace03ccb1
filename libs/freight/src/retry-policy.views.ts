import { field, Instant } from '#platform/http';
import type { RetryRule } from './domain/retry-plan.js';
import { instant, objectRule } from './freight.views.js';
import type { VersionedPolicy } from './retry-policies.js';

/** How failed attempts are spaced. */
export class RetryRuleView implements RetryRule {
  /** @example 6 */
  maxAttempts!: number;
  /** @example 200 */
  baseMs!: number;
  /** @example 60000 */
  capMs!: number;
  /** @example 2 */
  multiplier!: number;
  jitter!: 'full' | 'none';
}

/** The store's retry policy. */
export class RetryPolicyView extends RetryRuleView {
  /**
   * Rules of their own for some failures: transient, rate_limited, internal.
   * @example {"internal":{"maxAttempts":2,"baseMs":200,"capMs":60000,"multiplier":2,"jitter":"full"}}
   */
  @field(objectRule)
  perClass!: Record<string, RetryRuleView>;
  /** Null as long as the defaults hold. */
  @Instant({ nullable: true })
  updatedAt!: string | null;
  /**
   * Grows with every change; 0 as long as the defaults hold. The ETag is made of it.
   * @example 0
   */
  version!: number;
}

export function retryPolicyView({ perClass, updatedAt, ...policy }: VersionedPolicy): RetryPolicyView {
  return { ...policy, perClass: { ...perClass }, updatedAt: instant(updatedAt) };
}
