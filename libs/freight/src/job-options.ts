import type { DuplicatePolicy } from './domain/duplicates.js';
import type { RetryPolicy } from './domain/retry-plan.js';
import type { MappingOptions } from './mapping/compile.js';
import type { GradeWords } from './mapping/mapping.js';

/** How a job reads its source and what it does with it, as stored with the job. */
export interface JobOptions {
  /** Rows of a batch; null: as many as took about 400 ms lately. */
  readonly batchSize: number | null;
  readonly duplicates: DuplicatePolicy;
  /** UUID; null: the store's default location. */
  readonly locationId: string | null;
  /** Of amounts that stand without one. */
  readonly currency: string | null;
  readonly numberLocale: string | null;
  readonly dateLocale: string | null;
  /** The job's own words for grades; they come before the store's. */
  readonly gradeVocabulary: GradeWords;
  /** The store's words for grades when the job was started or last retried. */
  readonly storeGradeVocabulary?: GradeWords;
  /** Null: the store's, as it is when an attempt fails. */
  readonly retryPolicy?: RetryPolicy | null;
}

/** What of a job's options its mapping is read by. */
export function mappingOptionsOf(options: JobOptions): MappingOptions {
  const { currency, numberLocale, dateLocale, gradeVocabulary, storeGradeVocabulary } = options;
  return {
    ...(currency !== null && { currency }),
    ...(numberLocale !== null && { numberLocale }),
    ...(dateLocale !== null && { dateLocale }),
    gradeVocabulary,
    storeGradeVocabulary,
  };
}
