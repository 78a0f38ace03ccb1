import type { RealImport } from './real-import.js';

/** Books, with years before our era and identifiers that a spreadsheet has damaged: kept as attributes, not as barcodes. */
export const goodbooks: RealImport = {
  file: 'catalogue/goodbooks-10000.csv.gz',
  rows: 10_000,
  mapping: {
    source: 'goodbooks',
    release: {
      externalId: { column: 'book_id' },
      title: { column: 'title', transforms: [{ op: 'collapse' }] },
      artists: { column: 'authors', split: ', ' },
      released: {
        column: 'original_publication_year',
        transforms: [{ op: 'remove_suffix', text: '.0' }],
        unreadable: 'leave_out',
      },
      images: { column: 'image_url' },
      attributes: { isbn: { column: 'isbn' }, language: { column: 'language_code' } },
      productType: { constant: 'book' },
    },
  },
  options: {},
  makes: { releases: 10_000, stock: 0 },
  skipped: 0,
};
