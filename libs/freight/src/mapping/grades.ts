import type { GradeWords } from './mapping.js';
import type { Grade } from './record.js';
import { remembering } from './remember.js';

/**
 * Words for grades that everybody uses: the Goldmine scale as Discogs and shops write it. Generic and No Cover describe the
 * sleeve that came with the record, Not Graded says it: no grade.
 */
const COMMON_WORDS: GradeWords = {
  M: 'M',
  Mint: 'M',
  'Mint (M)': 'M',
  NM: 'NM',
  'M-': 'NM',
  'NM or M-': 'NM',
  'Near Mint': 'NM',
  'Near Mint (NM or M-)': 'NM',
  'VG+': 'VG+',
  'Very Good Plus': 'VG+',
  'Very Good Plus (VG+)': 'VG+',
  VG: 'VG',
  'Very Good': 'VG',
  'Very Good (VG)': 'VG',
  'G+': 'G+',
  'Good Plus': 'G+',
  'Good Plus (G+)': 'G+',
  G: 'G',
  Good: 'G',
  'Good (G)': 'G',
  F: 'F',
  Fair: 'F',
  'Fair (F)': 'F',
  P: 'P',
  Poor: 'P',
  'Poor (P)': 'P',
  Generic: null,
  'No Cover': null,
  'Not Graded': null,
};

/** A text's grade, null for a word that means none, undefined for a word nobody knows. */
export type ReadGrade = (text: string) => Grade | null | undefined;

/** Case, blanks and compatibility forms do not count. The first vocabulary that knows a word decides, the common one last. */
export function compileGrades(...vocabularies: readonly (GradeWords | undefined)[]): ReadGrade {
  const words = new Map<string, Grade | null>();
  for (const vocabulary of [...vocabularies, COMMON_WORDS].reverse()) {
    for (const [word, grade] of Object.entries(vocabulary ?? {})) words.set(folded(word), grade);
  }
  return remembering((text) => words.get(folded(text)));
}

function folded(text: string): string {
  return text.normalize('NFKC').trim().replace(/\s+/g, ' ').toLowerCase();
}
