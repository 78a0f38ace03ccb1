import { z } from 'zod';
import { defineEvents, idField } from '#platform/eventing';

const fact = z.strictObject({
  releaseId: idField('release'),
  artist: z.string(),
  title: z.string(),
  genres: z.array(z.string()),
});

/** What happened to one release. */
export type ReleaseFact = z.infer<typeof fact>;

const imported = z.strictObject({
  source: z.string(),
  importId: z.string().optional(),
  releaseIds: z.array(idField('release')),
  artists: z.array(z.string()),
  titles: z.array(z.string()),
  genres: z.array(z.array(z.string())),
});

const merged = fact.extend({
  /** The release that lives on, and what it is like. */
  mergedInto: idField('release'),
});

/** Published facts of the catalogue. */
export type CatalogEvent =
  | { readonly type: 'catalog.release-created.v1'; readonly data: ReleaseFact }
  | { readonly type: 'catalog.release-changed.v1'; readonly data: ReleaseFact }
  | { readonly type: 'catalog.release-archived.v1'; readonly data: ReleaseFact }
  | { readonly type: 'catalog.release-restored.v1'; readonly data: ReleaseFact }
  | { readonly type: 'catalog.release-merged.v1'; readonly data: z.infer<typeof merged> }
  | { readonly type: 'catalog.releases-imported.v1'; readonly data: z.infer<typeof imported> };

/** For the catalogue of events. */
const example: ReleaseFact = {
  releaseId: '0190a5c4-3c00-7000-8000-00000000002a',
  artist: 'Nina Simone',
  title: 'Wild Is the Wind',
  genres: ['Jazz'],
};
const { releaseId, artist, title, genres } = example;

defineEvents<CatalogEvent>({
  'catalog.release-created.v1': { version: 1, schema: fact, summary: 'A release was added to the catalogue.', example },
  'catalog.release-changed.v1': { version: 1, schema: fact, summary: 'A release was changed.', example },
  'catalog.release-archived.v1': {
    version: 1,
    schema: fact,
    summary: 'A release was archived: it is not offered any more.',
    example,
  },
  'catalog.release-restored.v1': { version: 1, schema: fact, summary: 'An archived release is back.', example },
  'catalog.release-merged.v1': {
    version: 1,
    schema: merged,
    summary: 'A release was merged into another one, which lives on.',
    example: { ...example, mergedInto: '0190a5c4-3c00-7000-8000-00000000002b' },
  },
  'catalog.releases-imported.v1': {
    version: 1,
    schema: imported,
    summary: 'Releases were written in bulk. The lists have one entry for each of them, in the same order.',
    example: { source: 'discogs', releaseIds: [releaseId], artists: [artist], titles: [title], genres: [genres] },
  },
});
