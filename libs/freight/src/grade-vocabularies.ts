import type { Unit } from '#platform/persistence';
import type { GradeWords } from './mapping/mapping.js';

/** A store's words for grades with their version; 0: none were ever set. */
export interface VersionedVocabulary {
  readonly words: GradeWords;
  readonly version: number;
  readonly updatedAt: Date | null;
}

/** The words of the unit's store. */
export async function gradeVocabularyOf(unit: Unit): Promise<VersionedVocabulary> {
  const row = await unit.row<{ words: GradeWords; version: number; updatedAt: Date }>(
    `select words, version, updated_at as "updatedAt" from freight.grade_vocabulary where tenant_id = $1 and version > 0`,
    [unit.tenantId],
  );
  return row ?? { words: {}, version: 0, updatedAt: null };
}
