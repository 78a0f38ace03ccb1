import type { NewCommand } from '#platform/eventing';

/** The command of the outbox that ends a quarantine. */
export const LIFT_WHEN_DUE = 'inventory.lift-quarantine';

/** A timer: the quarantine of an item is lifted when its time is over. A later one has a timer of its own. */
export function liftWhenDue(itemId: string, holdUntil: string): NewCommand {
  const dedupeKey = `${LIFT_WHEN_DUE}:${itemId}:${holdUntil}`;
  return { command: LIFT_WHEN_DUE, payload: { itemId }, dedupeKey, notBefore: new Date(holdUntil) };
}
