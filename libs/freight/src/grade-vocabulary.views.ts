import { field, Instant } from '#platform/http';
import { instant, objectRule } from './freight.views.js';
import type { VersionedVocabulary } from './grade-vocabularies.js';

/** The store's words for grades. */
export class GradeVocabularyView {
  /**
   * Each word with the grade it means, or null where it means that there is none.
   * @example {"Top":"NM","Excellent":"VG+","Untested":null}
   */
  @field(objectRule)
  words!: Record<string, string | null>;
  /** Null as long as none were set. */
  @Instant({ nullable: true })
  updatedAt!: string | null;
  /**
   * Grows with every change; 0 as long as none were set. The ETag is made of it.
   * @example 1
   */
  version!: number;
}

export function gradeVocabularyView({ words, updatedAt, version }: VersionedVocabulary): GradeVocabularyView {
  return { words: { ...words }, updatedAt: instant(updatedAt), version };
}
