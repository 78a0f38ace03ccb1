import { GetReleaseFacts, type ReleaseFacts } from '#libs/catalog';
import type { Actor } from '#platform/kernel';
import type { Bus } from '#platform/persistence';
import { inventoryErrors } from './domain/inventory.errors.js';

/** Merges that are followed one after the other: a chain longer than that is a circle. */
const MOST_MERGES = 10;

/** Releases by the ids they were asked for; those that were merged are the ones they were merged into. */
export async function releasesOf(
  bus: Bus,
  actor: Actor,
  ids: readonly string[],
): Promise<ReadonlyMap<string, ReleaseFacts>> {
  const known = new Map<string, ReleaseFacts>();
  let wanted = [...new Set(ids)];
  for (let round = 0; wanted.length > 0 && round < MOST_MERGES; round++) {
    for (const facts of await bus.execute(new GetReleaseFacts(actor, wanted))) known.set(facts.id, facts);
    const targets = wanted.flatMap((id) => known.get(id)?.mergedInto ?? []);
    wanted = [...new Set(targets)].filter((id) => !known.has(id));
  }
  const found = new Map<string, ReleaseFacts>();
  for (const id of ids) {
    const facts = survivor(known, id);
    if (facts) found.set(id, facts);
  }
  return found;
}

function survivor(known: ReadonlyMap<string, ReleaseFacts>, id: string): ReleaseFacts | undefined {
  let facts = known.get(id);
  for (let step = 0; facts?.mergedInto !== undefined && step < MOST_MERGES; step++) facts = known.get(facts.mergedInto);
  return facts;
}

/** The release that stock is of, after merges, and its kind of goods. */
export interface UsedRelease {
  readonly releaseId: string;
  readonly productType: string;
}

/** @param id what was asked for, where nothing is known */
export function usedOf(facts: ReleaseFacts | undefined, id: string): UsedRelease {
  return { releaseId: facts?.id ?? id, productType: facts?.productType ?? 'record' };
}

/** Why stock of a release cannot be received; undefined when it can. */
export function releaseRefusal(facts: ReleaseFacts | undefined): Error | undefined {
  if (!facts)
    return inventoryErrors.release_not_found('The catalogue has no such release. Create it, or check its id.');
  if (facts.archived)
    return inventoryErrors.release_archived('The release is archived. Restore it, or use another one.');
  return undefined;
}
