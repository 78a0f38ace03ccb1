import { z } from 'zod';
import { defineEvents } from '#platform/eventing';

const fact = z.strictObject({
  releaseId: z.uuid(),
  artist: z.string(),
  title: z.string(),
  genres: z.array(z.string()),
});

/** What happened to one release. */
export type ReleaseFact = z.infer<typeof fact>;

const imported = z.strictObject({
  source: z.string(),
  importId: z.string().optional(),
  releaseIds: z.array(z.uuid()),
  artists: z.array(z.string()),
  titles: z.array(z.string()),
  genres: z.array(z.array(z.string())),
});

const merged = fact.extend({
  /** The release that lives on, and what it is like. */
  mergedInto: z.uuid(),
});

/** Published facts of the catalogue. */
export type CatalogEvent =
  | { readonly type: 'catalog.release-created.v1'; readonly data: ReleaseFact }
  | { readonly type: 'catalog.release-changed.v1'; readonly data: ReleaseFact }
  | { readonly type: 'catalog.release-archived.v1'; readonly data: ReleaseFact }
  | { readonly type: 'catalog.release-restored.v1'; readonly data: ReleaseFact }
  | { readonly type: 'catalog.release-merged.v1'; readonly data: z.infer<typeof merged> }
  | { readonly type: 'catalog.releases-imported.v1'; readonly data: z.infer<typeof imported> };

defineEvents<CatalogEvent>({
  'catalog.release-created.v1': { version: 1, schema: fact },
  'catalog.release-changed.v1': { version: 1, schema: fact },
  'catalog.release-archived.v1': { version: 1, schema: fact },
  'catalog.release-restored.v1': { version: 1, schema: fact },
  'catalog.release-merged.v1': { version: 1, schema: merged },
  'catalog.releases-imported.v1': { version: 1, schema: imported },
});
