import { pgCode, type Unit } from '#platform/persistence';
import { isRefusedByDatabase } from '../domain/failure-class.js';

/** Tries beyond which halving costs more than going row by row (measured: six bad rows of a thousand cost about as much). */
const MOST_TRIES = 100;

/** What the database refused about one row. */
export interface Refused {
  readonly code: string;
  readonly message: string;
}

/**
 * Runs `work` on all items in one savepoint. When the database refuses the data it is run on halves, down to the items it refuses;
 * the others stay done. Any other error is thrown.
 * @returns per item, in order: what `work` answered, or what the database said
 */
export async function bisect<T, R>(
  unit: Unit,
  items: readonly T[],
  work: (items: readonly T[]) => Promise<readonly R[]>,
): Promise<({ readonly done: R } | { readonly refused: Refused })[]> {
  let tries = 0;
  async function attempt(part: readonly T[]): Promise<({ done: R } | { refused: Refused })[]> {
    if (part.length === 0) return [];
    tries += 1;
    try {
      return (await unit.savepoint(() => work(part))).map((done) => ({ done }));
    } catch (error) {
      const code = pgCode(error);
      if (!isRefusedByDatabase(code)) throw error;
      if (part.length === 1) return [{ refused: refusalOf(error, code) }];
      const size = tries > MOST_TRIES ? 1 : Math.ceil(part.length / 2);
      const results = [];
      for (let from = 0; from < part.length; from += size)
        results.push(...(await attempt(part.slice(from, from + size))));
      return results;
    }
  }
  return attempt(items);
}

/** SQLSTATE and constraint; never the values. */
function refusalOf(error: unknown, code: string | undefined): Refused {
  const constraint: unknown = Reflect.get(Object(error), 'constraint');
  const name = typeof constraint === 'string' && constraint !== '' ? ` (${constraint})` : '';
  return { code: `database.${code ?? 'refused'}`, message: `The database refuses the record${name}.` };
}
