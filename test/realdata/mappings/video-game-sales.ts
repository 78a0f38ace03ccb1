import type { RealImport } from './real-import.js';

/** Games without an id: known by name and platform, letter by letter. */
export const videoGameSales: RealImport = {
  file: 'catalogue/vgsales-16598.csv.gz',
  rows: 16_598,
  mapping: {
    source: 'vgsales',
    release: {
      keyColumns: [{ column: 'Name' }, { column: 'Platform' }],
      exactKey: true,
      title: { column: 'Name' },
      labels: { name: { column: 'Publisher', transforms: [{ op: 'blank_if', values: ['N/A'] }] } },
      released: { column: 'Year', transforms: [{ op: 'blank_if', values: ['N/A'] }] },
      genres: { column: 'Genre' },
      attributes: { platform: { column: 'Platform' } },
      productType: { constant: 'game' },
    },
  },
  options: {},
  makes: { releases: 16_593, stock: 0 },
  skipped: 5,
};
