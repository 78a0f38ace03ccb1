import type { DuplicatePolicy } from './domain/duplicates.js';
import type { MappingOptions } from './mapping/compile.js';
import type { GradeWords } from './mapping/mapping.js';

/** How a job reads its source and what it does with it, as stored with the job. */
export interface JobOptions {
  /** Rows of a batch; null: as many as took about 200 ms lately. */
  readonly batchSize: number | null;
  readonly duplicates: DuplicatePolicy;
  /** UUID; null: the store's default location. */
  readonly locationId: string | null;
  /** Of amounts that stand without one. */
  readonly currency: string | null;
  readonly numberLocale: string | null;
  readonly dateLocale: string | null;
  /** The store's words for grades. */
  readonly gradeVocabulary: GradeWords;
}

/** What of a job's options its mapping is read by. */
export function mappingOptionsOf(options: JobOptions): MappingOptions {
  const { currency, numberLocale, dateLocale, gradeVocabulary } = options;
  return {
    ...(currency !== null && { currency }),
    ...(numberLocale !== null && { numberLocale }),
    ...(dateLocale !== null && { dateLocale }),
    gradeVocabulary,
  };
}
