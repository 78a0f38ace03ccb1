/** The Goldmine scale for media, best first. */
export const MEDIA_GRADES = ['M', 'NM', 'VG+', 'VG', 'G+', 'G', 'F', 'P'] as const;
/** Sleeves have the same scale, and two words for what cannot be graded. */
export const SLEEVE_GRADES = [...MEDIA_GRADES, 'Generic', 'No Cover'] as const;

export type MediaGrade = (typeof MEDIA_GRADES)[number];
export type SleeveGrade = (typeof SLEEVE_GRADES)[number];

/** Whether a word is a grade of the medium. */
export function isMediaGrade(word: unknown): word is MediaGrade {
  return (MEDIA_GRADES as readonly unknown[]).includes(word);
}

/** Whether a word is a grade of the sleeve. */
export function isSleeveGrade(word: unknown): word is SleeveGrade {
  return (SLEEVE_GRADES as readonly unknown[]).includes(word);
}
