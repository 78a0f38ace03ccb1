import { formatId } from '#platform/kernel';
import { catalogErrors } from './catalog.errors.js';

/** Levels of a tree; a menu that is deeper is not used. */
export const MOST_LEVELS = 8;
/** Categories of one store. */
export const MOST_CATEGORIES = 5_000;

/** A category's place in the tree. */
export interface CategoryPlace {
  readonly id: string;
  readonly parentId: string | null;
  readonly place: number;
}

/** What names of siblings are compared by: case and the spelling of Unicode do not matter, accents do. */
export function categoryKey(name: string): string {
  return name.normalize('NFC').toLowerCase().normalize('NFC').trim();
}

/**
 * The new places of all siblings, old and new, after a category was put at a place below a parent, or at the end.
 * @param all every category of the store, the moved one where it was before, or not at all when it is new
 * @throws catalog.category_unknown, catalog.category_cycle, catalog.category_too_deep
 */
export function placedAt(
  all: readonly CategoryPlace[],
  id: string,
  { parentId, place }: { readonly parentId: string | null; readonly place?: number | undefined },
): CategoryPlace[] {
  const byId = new Map(all.map((one) => [one.id, one]));
  if (parentId !== null && !byId.has(parentId)) {
    throw catalogErrors.category_unknown(
      `There is no category ${formatId('category', parentId)}. Name one of your own.`,
    );
  }
  const above = pathTo(byId, parentId);
  if (above.includes(id))
    throw catalogErrors.category_cycle('A category cannot stand below itself. Name another parent.');
  if (above.length + heightOf(all, id) > MOST_LEVELS) {
    throw catalogErrors.category_too_deep(`The tree has ${MOST_LEVELS} levels at most. Name a parent further up.`);
  }
  const others = siblings(all, parentId, id);
  others.splice(place ?? others.length, 0, id);
  const before = byId.get(id);
  const left = before && before.parentId !== parentId ? closedUp(all, before) : [];
  return [...left, ...others.map((sibling, index) => ({ id: sibling, parentId, place: index }))];
}

/** The places of those that a category leaves behind when it goes. */
export function closedUp(all: readonly CategoryPlace[], { id, parentId }: CategoryPlace): CategoryPlace[] {
  return siblings(all, parentId, id).map((sibling, index) => ({ id: sibling, parentId, place: index }));
}

/** Ids below a parent in their order, without one. */
function siblings(all: readonly CategoryPlace[], parentId: string | null, except: string): string[] {
  return all
    .filter((one) => one.parentId === parentId && one.id !== except)
    .sort((a, b) => a.place - b.place)
    .map((one) => one.id);
}

/** From the top to a category. */
function pathTo(byId: ReadonlyMap<string, CategoryPlace>, id: string | null): string[] {
  const path: string[] = [];
  for (let at = id; at !== null; at = byId.get(at)?.parentId ?? null) path.unshift(at);
  return path;
}

/** Levels from a category down to the lowest below it; 1 where there is none. */
function heightOf(all: readonly CategoryPlace[], id: string): number {
  const below = all.filter(({ parentId }) => parentId === id).map((child) => heightOf(all, child.id));
  return 1 + Math.max(0, ...below);
}
