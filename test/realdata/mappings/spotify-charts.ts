import type { RealImport } from './real-import.js';

/** Daily charts as a list of tracks: the same track on many days is one release, described by its last row. */
export const spotifyCharts: RealImport = {
  file: 'transactions/spotify-daily-charts.csv.gz',
  rows: 123_159,
  mapping: {
    source: 'spotify',
    release: {
      keyColumns: [{ column: 'track_name' }, { column: 'artist' }],
      exactKey: true,
      title: { column: 'track_name' },
      artists: { column: 'artist' },
      productType: { constant: 'track' },
    },
  },
  options: {},
  makes: { releases: 2_473, stock: 0 },
  skipped: 120_686,
};
