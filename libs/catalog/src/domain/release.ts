import { canonicalJson } from '#platform/kernel';

/** A label that put a release out, and its number there. */
export interface ReleaseLabel {
  readonly name: string;
  readonly catalogNumber?: string;
}

/** What a release is made of: `2 x Vinyl, 12", 33 RPM`. */
export interface ReleaseFormat {
  readonly name: string;
  readonly quantity?: number;
  readonly descriptions?: readonly string[];
}

/** A track, in the order of the release. */
export interface ReleaseTrack {
  readonly position?: string;
  readonly title: string;
  readonly duration?: string;
  readonly artists?: readonly string[];
}

/** Everything a store says of a release. */
export interface ReleaseContent {
  readonly title: string;
  readonly artists: readonly string[];
  readonly labels: readonly ReleaseLabel[];
  readonly barcode: string | null;
  readonly formats: readonly ReleaseFormat[];
  readonly country: string | null;
  /** `1999`, `1999-03` or `1999-03-21`. */
  readonly released: string | null;
  readonly genres: readonly string[];
  readonly styles: readonly string[];
  readonly tracks: readonly ReleaseTrack[];
  readonly images: readonly string[];
  readonly weightGrams: number | null;
  readonly attributes: Readonly<Record<string, string>>;
  readonly productType: string;
}

/** Some of it: an absent member is left as it is, null clears. */
export type ReleaseChanges = { readonly [K in keyof ReleaseContent]?: ReleaseContent[K] | null };

/** Where a release is in its life. A merged one lives on in another. */
export type ReleaseState = 'active' | 'archived' | 'merged';

const EMPTY: ReleaseContent = {
  title: '',
  artists: [],
  labels: [],
  barcode: null,
  formats: [],
  country: null,
  released: null,
  genres: [],
  styles: [],
  tracks: [],
  images: [],
  weightGrams: null,
  attributes: {},
  productType: 'record',
};
const MEMBERS = Object.keys(EMPTY) as (keyof ReleaseContent)[];

/** A new release of what is said of it. @param changes with a title */
export function newContent(changes: ReleaseChanges): ReleaseContent {
  return changedContent(EMPTY, changes);
}

/** A release after changes; null brings a member back to its beginning, but never the title. */
export function changedContent(before: ReleaseContent, changes: ReleaseChanges): ReleaseContent {
  const after: Record<string, unknown> = { ...before };
  for (const name of MEMBERS) {
    const value = changes[name];
    if (value === undefined || (value === null && name === 'title')) continue;
    after[name] = value ?? EMPTY[name];
  }
  return after as unknown as ReleaseContent;
}

/** Whether two contents say the same. */
export function isSameContent(a: ReleaseContent, b: ReleaseContent): boolean {
  return MEMBERS.every((name) => canonicalJson(a[name]) === canonicalJson(b[name]));
}

/** The artists as one line. */
export function artistLine(artists: readonly string[]): string {
  return artists.join(', ');
}
