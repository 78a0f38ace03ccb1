import { inventoryErrors } from './inventory.errors.js';
import type { PriceCause } from './item-events.js';

/** Why a price was set: by a rule, or by a person for a reason; exactly one of both. @throws inventory.price_cause */
export function priceCause({
  reason,
  rule,
  policyVersion,
}: {
  readonly reason?: string;
  readonly rule?: string;
  readonly policyVersion?: number;
}): PriceCause {
  if (rule !== undefined && reason === undefined)
    return { rule, ...(policyVersion === undefined ? {} : { policyVersion }) };
  if (reason !== undefined && rule === undefined && policyVersion === undefined) return { reason };
  throw inventoryErrors.price_cause('Send either reason, or rule (with policyVersion where there is one).');
}
