/**
 * Bounds of what is read. They are far above what a store's records hold and keep memory flat: at most one record and one chunk
 * are held at a time. What is beyond them fails as one record, never as the process.
 */
export const SOURCE_LIMITS = {
  /** 1 MiB: the longest cell of the known shop exports (an HTML description) is under 100 KiB. */
  cellBytes: 1_048_576,
  /** 4 MiB: a record of many long cells. */
  recordBytes: 4_194_304,
  /** Widest known export: Magento with about 90, Shopify orders with 79. */
  columns: 2_000,
} as const;
