import type { RealImport } from './real-import.js';

/** A list of albums, known by their rank. One year has five digits: it is left out. */
export const rollingStone500: RealImport = {
  file: 'catalogue/rollingstone-500.csv',
  rows: 500,
  mapping: {
    source: 'rolling-stone',
    release: {
      externalId: { column: 'RANK' },
      title: { column: 'ALBUM' },
      artists: { column: 'ARTIST' },
      released: { column: 'YEAR', unreadable: 'leave_out' },
    },
  },
  options: {},
  makes: { releases: 500, stock: 0 },
  skipped: 0,
};
