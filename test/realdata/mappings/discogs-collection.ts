import type { RealImport } from './real-import.js';

/** A collector's records as Discogs exports them: one row per copy, some copies of one release. */
export const discogsCollection: RealImport = {
  file: 'discogs/collection-export-316.csv',
  rows: 316,
  mapping: {
    source: 'discogs',
    release: {
      externalId: { column: 'release_id' },
      title: { column: 'Title', transforms: [{ op: 'trim' }] },
      artists: { column: 'Artist', transforms: [{ op: 'trim' }, { op: 'discogs_artist' }] },
      labels: { name: { column: 'Label', split: ', ' }, catalogNumber: { column: 'Catalog#', split: ', ' } },
      formats: { column: 'Format', style: 'discogs' },
      released: { column: 'Released' },
      productType: { constant: 'record' },
    },
    stock: {
      mediaGrade: { column: 'Collection Media Condition' },
      sleeveGrade: { column: 'Collection Sleeve Condition' },
      note: { column: 'Collection Notes' },
    },
  },
  options: {},
  makes: { releases: 315, stock: 316 },
  skipped: 0,
};
