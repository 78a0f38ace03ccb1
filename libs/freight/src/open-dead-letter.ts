import { checkIfMatch, type IfMatchCondition, notFound } from '#platform/http';
import { type Actor, actorRef } from '#platform/kernel';
import type { Unit } from '#platform/persistence';
import { DEAD_LETTER_COLUMNS, type DeadLetterRow, type DeadLetterState } from './dead-letter.views.js';
import { freightErrors } from './domain/freight.errors.js';

/**
 * An open dead letter, locked until the unit ends.
 * @throws http.not_found, http.precondition_failed, freight.dead_letter_transition
 */
export async function openDeadLetter(unit: Unit, id: string, ifMatch?: IfMatchCondition): Promise<DeadLetterRow> {
  const letter = await unit.row<DeadLetterRow & Record<string, unknown>>(
    `select ${DEAD_LETTER_COLUMNS} from freight.dead_letter d where d.tenant_id = $1 and d.id = $2 for update`,
    [unit.tenantId, id],
  );
  if (!letter) throw notFound();
  checkIfMatch(ifMatch, letter.version);
  if (letter.state !== 'open') {
    throw freightErrors.dead_letter_transition(`The dead letter is ${letter.state}.`, { currentState: letter.state });
  }
  return letter;
}

/** Closes it. */
export async function closeDeadLetter(
  unit: Unit,
  id: string,
  { state, actor }: { state: DeadLetterState; actor: Actor },
): Promise<void> {
  await unit.run(
    `update freight.dead_letter set state = $3, closed_by = $4, last_at = clock_timestamp(), version = version + 1
     where tenant_id = $1 and id = $2`,
    [unit.tenantId, id, state, actorRef(actor)],
  );
}
