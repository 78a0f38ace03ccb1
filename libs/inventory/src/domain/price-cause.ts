import { inventoryErrors } from './inventory.errors.js';
import type { PriceCause } from './item-events.js';

/** Why a price was set: by a person, or by a rule. @throws inventory.price_cause for a policy without a rule */
export function priceCause({ reason, rule, policyVersion }: PriceCause): PriceCause {
  if (rule === undefined && policyVersion !== undefined) {
    throw inventoryErrors.price_cause('Name the rule that the version of the policy belongs to, or leave both out.', {
      errors: [{ pointer: '/policyVersion', code: 'without_rule', message: 'This value needs a rule beside it.' }],
    });
  }
  return {
    reason,
    ...(rule === undefined ? {} : { rule }),
    ...(policyVersion === undefined ? {} : { policyVersion }),
  };
}
