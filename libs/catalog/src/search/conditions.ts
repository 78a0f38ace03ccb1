import type { Asked, ListFacet } from './asked.js';

/** Values that a statement refers to by their places. */
export class Bound {
  readonly values: unknown[];

  constructor(tenantId: string) {
    this.values = [tenantId];
  }

  /** The place of a value, with its type. */
  add(value: unknown, type: string): string {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }
}

/** Where the rows of a list are looked for. */
export type Source = 'release' | 'document';

const IDS: Record<Source, string> = { release: 'r.id', document: 's.release_id' };

/**
 * Conditions that are not part of the documents, on `catalog.release as r` or `catalog.release_search as s`; $1 is the tenant.
 * @param categories UUIDs of all categories that count
 */
export function conditionsOf(
  { inStock, states, categories: asked }: Asked,
  source: Source,
  {
    bound,
    categories,
    except,
  }: { readonly bound: Bound; readonly categories: readonly string[]; readonly except?: ListFacet },
): string {
  const id = IDS[source];
  const parts = [stateCondition(states, source, bound)];
  if (asked.length > 0 && except !== 'category') {
    parts.push(`exists (select from catalog.release_category c where c.tenant_id = $1 and c.release_id = ${id}
      and c.category_id = any(${bound.add(categories, 'uuid[]')}))`);
  }
  if (inStock !== undefined && except !== 'inStock') {
    parts.push(`${inStock ? '' : 'not '}exists (select from catalog.release_stock k where k.tenant_id = $1 and k.release_id = ${id}
      and k.available > 0)`);
  }
  return parts.join(' and ');
}

/** Active releases are listed, others are not: only to tell archived and merged ones apart the release itself is read. */
function stateCondition(states: Asked['states'], source: Source, bound: Bound): string {
  if (source === 'release') {
    const [only, ...others] = states;
    return only === 'active' && others.length === 0
      ? `r.state = 'active'`
      : `r.state = any(${bound.add(states, 'text[]')})`;
  }
  if (states.length === 1 && states[0] === 'active') return 's.listed';
  return `exists (select from catalog.release r where r.tenant_id = $1 and r.id = s.release_id
    and r.state = any(${bound.add(states, 'text[]')}))`;
}
