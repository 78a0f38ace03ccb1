import type { RealImport } from './real-import.js';

/** A record shop's stock as its shop system exports it: Hungarian headers and grades, prices in forints, decimal points. */
export const hungarianRecordShop: RealImport = {
  file: 'shop-stock/hu-record-shop-unas-184.csv',
  rows: 184,
  mapping: {
    source: 'unas',
    release: {
      externalId: { column: 'Cikkszám' },
      title: { column: 'Termék Név', transforms: [{ op: 'collapse' }] },
      labels: { name: { column: 'Paraméter: Label||text', transforms: [{ op: 'trim' }] } },
      formats: { name: { column: 'Paraméter: Formátum||text', transforms: [{ op: 'trim' }] } },
      country: { column: 'Paraméter: Kiadó ország||text', transforms: [{ op: 'trim' }] },
      genres: { column: 'Paraméter: Műfaj||text', transforms: [{ op: 'trim' }] },
      images: { column: 'Kép link', split: '|' },
      weightGrams: { column: 'Tömeg', unit: 'kg' },
      attributes: { category: { column: 'Kategória', transforms: [{ op: 'split', on: '|', take: -1 }] } },
      productType: { constant: 'record' },
    },
    stock: {
      key: { column: 'Cikkszám' },
      sku: { column: 'Cikkszám' },
      code: { column: 'Paraméter: Polchely||text', transforms: [{ op: 'trim' }] },
      mediaGrade: { column: 'Paraméter: Lemez állapota||text' },
      sleeveGrade: { column: 'Paraméter: Borító állapota||text' },
      price: { column: 'Bruttó Ár' },
      note: { column: 'Paraméter: Megjegyzés||text', transforms: [{ op: 'trim' }] },
    },
  },
  options: {
    currency: 'HUF',
    gradeVocabulary: {
      'Bontatlan, gyárilag fóliázott': 'M',
      'Új, fóliás': 'M',
      'M (újszerű, kifogástalan állapotban)': 'M',
      Újszerű: 'NM',
      EX: 'VG+',
    },
  },
  makes: { releases: 184, stock: 184 },
  skipped: 0,
};
