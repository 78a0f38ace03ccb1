import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Unit } from '#platform/persistence';

/** Something that must always hold, as a query of one tenant ($1) that answers a row for each breach. */
export interface Invariant {
  /** The file it stands in: what it is about. */
  readonly context: string;
  /** Its comment: number and words. */
  readonly name: string;
  readonly sql: string;
}

/** A breach in words. */
export interface Breach {
  readonly tenantId: string;
  readonly invariant: string;
  readonly breach: string;
}

/**
 * The invariants of a folder: one file per context, each query headed by a comment `-- D1: in words` and ended by a semicolon.
 * @throws Error for a query without a heading
 */
export function readInvariants(folder: string): Invariant[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.sql'));
  return files.sort().flatMap((file) => {
    const queries = readFileSync(join(folder, file), 'utf8').split(/;\s*$/m);
    return queries.flatMap((text) => {
      const sql = text.trim();
      if (sql === '') return [];
      const [, name] = /^-- (\w+(?:, \w+)*: .+)$/m.exec(sql) ?? [];
      if (name === undefined) throw new Error(`${file} has a query without a heading: ${sql.slice(0, 80)}`);
      return [{ context: basename(file, '.sql'), name, sql }];
    });
  });
}

/** What does not hold for the tenant of the unit; at most 20 breaches of each invariant. */
export async function breachesOf(unit: Unit, invariants: readonly Invariant[]): Promise<Breach[]> {
  const found: Breach[] = [];
  for (const { context, name, sql } of invariants) {
    const rows = await unit.rows<{ breach: string }>(`select * from (${sql}) as b limit 20`, [unit.tenantId]);
    found.push(...rows.map(({ breach }) => ({ tenantId: unit.tenantId, invariant: `${context}: ${name}`, breach })));
  }
  return found;
}
