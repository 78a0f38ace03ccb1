const LATER = '2026-02-01T09:30:00.000Z';

/** The item that the examples of stock speak of: a pool of ten units at two locations, one of them held. */
const AT_SHOP = { locationId: 'loc_01j2jw8f00e00800000000001a', onHand: 5, reserved: 0 };
const AT_MAIN = { locationId: 'loc_01j2jw8f00e00800000000001b', onHand: 5, reserved: 1 };
const STOCK = {
  kind: 'pool',
  status: 'available',
  code: 'REC-000001',
  mediaGrade: null,
  sleeveGrade: null,
  onHand: 10,
  free: 9,
  levels: [AT_SHOP, AT_MAIN],
  version: 4,
};
const RELEASED = { free: 10, levels: [AT_SHOP, { ...AT_MAIN, reserved: 0 }], version: 5 };
const GONE = { status: 'written_off', onHand: 0, free: 0, levels: [], version: 5 };
const LINE = {
  itemId: 'itm_01j2jw8f00e00800000000001a',
  locationId: 'loc_01j2jw8f00e00800000000001b',
  quantity: 1,
  state: 'held',
  expiresAt: '2026-01-31T12:00:00.000Z',
};
const RESERVATION = { state: 'held', expiresAt: LINE.expiresAt, reference: 'cart 4711', lines: [LINE], version: 2 };
const OVER = { expiresAt: null };
const reservation = (state: string, version: number) => ({
  ...RESERVATION,
  ...OVER,
  state,
  lines: [{ ...LINE, ...OVER, state }],
  version,
});
const UPDATED = { outcomes: [{ outcome: 'updated', itemId: LINE.itemId, version: 4 }] };
const UPLOAD = {
  uploadId: 'upl_01j2jw8f00e00800000000001a',
  filename: 'collection.csv',
  sizeBytes: 81_920,
  sha256: 'fa7496e4ae840306df41bd658800392e24db8ac4767159d6bdf8a23b28c44ea0',
};
/** The upload of a file that was sent in one request. */
const SENT = {
  ...{ state: 'complete', filename: 'collection.csv', sizeBytes: 24, sentBytes: 24, refusal: null },
  sha256: '308101b68af408393d130bb23ce6e7705f4dc2d643047dbedb5da02190d1f05a',
  ...{ finishedAt: LATER, version: 2 },
};
const NONE = { created: 0, updated: 0, unchanged: 0 };
const NO_BUDGET = { maxFailed: null, maxFailedBps: null, action: 'pause' };
/** A job that has been there, in the state that a command leaves it in. */
const JOB = {
  phase: 'records',
  source: UPLOAD,
  format: { kind: 'csv', encoding: 'utf-8', delimiter: ',', header: ['release_id', 'Title'] },
  options: { duplicates: 'last_wins', batchSize: null, locationId: null, errorBudget: NO_BUDGET },
  counts: { total: 316, created: 300, updated: 4, unchanged: 8, skipped: 0, failed: 4, retried: 0 },
  stock: NONE,
  progress: { done: 316, doneBps: 10_000, recordsPerMinute: null, estimatedEndAt: null },
  unmapped: [],
  failure: null,
  version: 2,
};
const RUNS_AGAIN = { ...JOB, state: 'running' };
const MAPPING = {
  source: 'discogs',
  release: { externalId: { column: 'release_id' }, title: { column: 'Title' }, exactKey: false },
};

/**
 * Where an operation's answer differs from the plain example of what it answers. A test sends the request's example and
 * compares.
 */
export const ANSWER_EXAMPLES: Readonly<Record<string, Record<string, unknown>>> = {
  getHealth: { checks: { database: 'up', schema: 'up', redis: 'up' } },
  getUsage: { month: { from: '2026-01-01', to: '2026-01-31', requests: 40_120, refused: 12, errors: 0 } },
  getCorsOrigins: { updatedAt: LATER },
  setCorsOrigins: { updatedAt: LATER },
  rotateApiKey: { id: 'key_01j3a8m5r0e00800000000001b', rotatedFrom: 'key_01j2jw8f00e00800000000001a' },
  revokeApiKey: { state: 'revoked', revokedAt: LATER, version: 2 },
  updateTenant: { updatedAt: LATER, version: 2 },
  suspendTenant: {
    state: 'suspended',
    suspendedAt: LATER,
    suspendedReason: 'The invoice of January is unpaid.',
    updatedAt: LATER,
    version: 2,
  },
  resumeTenant: { updatedAt: LATER, version: 3 },
  deleteTenant: { state: 'deleted', deletedAt: LATER, updatedAt: LATER, version: 2 },
  setTenantLimits: { updatedAt: LATER, version: 2 },
  pauseProjection: { paused: true, retiredVersion: 1 },
  resumeProjection: { retiredVersion: 1 },
  rebuildProjection: { pending: 'rebuild', retiredVersion: 1 },
  replayParkedEvents: { pending: 'replay', retiredVersion: 1 },
  rollBackProjection: { rebuildProgress: 1 },
  dropRetiredBuild: { retiredVersion: 1 },
  replayParkedCommand: { error: 'Error: the till is closed' },
  discardParkedCommand: { error: 'Error: the till is closed' },
  importReleases: {
    outcomes: [
      { outcome: 'created', releaseId: 'rel_01j2jw8f00e00800000000001a', version: 1 },
      {
        outcome: 'failed',
        code: 'catalog.title_missing',
        field: '/title',
        message: 'A release that is new to the source needs a title.',
      },
    ],
  },
  createJob: {
    ...JOB,
    state: 'planning',
    phase: 'planning',
    format: null,
    mapping: MAPPING,
    options: {
      batchSize: 1_000,
      duplicates: 'last_wins',
      locationId: 'loc_01j2jw8f00e00800000000001a',
      currency: 'AED',
      numberLocale: 'hu-HU',
      dateLocale: 'en-US',
      gradeVocabulary: { Excellent: 'VG+' },
      storeGradeVocabulary: {},
      retryPolicy: { maxAttempts: 6, baseMs: 200, capMs: 60_000, multiplier: 2, jitter: 'full', perClass: {} },
      errorBudget: NO_BUDGET,
    },
    priority: 'interactive',
    counts: { total: null, ...NONE, skipped: 0, failed: 0, retried: 0 },
    releases: NONE,
    progress: { done: 0, doneBps: null, recordsPerMinute: null, estimatedEndAt: null },
    version: 1,
  },
  cancelJob: { ...JOB, state: 'cancelling' },
  cancelJobByPut: { ...JOB, state: 'cancelling' },
  pauseJob: { ...JOB, state: 'paused' },
  resumeJob: RUNS_AGAIN,
  retryJob: { ...RUNS_AGAIN, mapping: MAPPING, options: { ...JOB.options, storeGradeVocabulary: {} } },
  retryBatch: RUNS_AGAIN,
  requeueDeadLetter: RUNS_AGAIN,
  discardDeadLetter: { row: 17, class: 'permanent', state: 'discarded', raw: '["2568011","Nevermind"]', version: 2 },
  setRetryPolicies: { updatedAt: LATER, version: 1 },
  setGradeVocabulary: { updatedAt: LATER, version: 1 },
  createRelease: { categoryIds: [] },
  updateRelease: { updatedAt: LATER, version: 2 },
  archiveRelease: { state: 'archived', updatedAt: LATER, version: 2 },
  restoreRelease: { updatedAt: LATER, version: 3 },
  mergeRelease: {
    state: 'merged',
    mergedInto: 'rel_01j2jw8f00e00800000000001a',
    externalIds: [],
    categoryIds: [],
    updatedAt: LATER,
    version: 2,
  },
  getUpload: { state: 'complete', refusal: null, version: 2 },
  createUpload: SENT,
  deleteUpload: SENT,
  renameCategory: { releases: 1, updatedAt: LATER, version: 2 },
  moveCategory: { releases: 1 },
  getStockItem: { ...STOCK, version: 3 },
  receiveStock: {
    status: 'quarantined',
    reason: 'received',
    levels: [{ ...AT_SHOP, onHand: 1 }],
    provenance: { kind: 'purchase', source: null, key: null, reference: 'purchase 4711' },
  },
  receiveItems: { outcomes: [{ outcome: 'created', itemId: LINE.itemId, version: 1 }] },
  changePrices: UPDATED,
  adjustItems: UPDATED,
  describeItem: { ...STOCK },
  adjustStock: { ...STOCK, note: null, reason: null, onHand: 9, free: 8, levels: [{ ...AT_SHOP, onHand: 4 }, AT_MAIN] },
  countStock: { ...STOCK, onHand: 13, free: 12, levels: [{ ...AT_SHOP, onHand: 8 }, AT_MAIN] },
  transferStock: {
    ...STOCK,
    levels: [
      { ...AT_SHOP, onHand: 6 },
      { ...AT_MAIN, onHand: 4 },
    ],
  },
  regradeItem: { ...STOCK, mediaGrade: 'VG+', sleeveGrade: 'VG' },
  changePrice: { ...STOCK, reason: null },
  changeCost: STOCK,
  setThreshold: STOCK,
  withdrawItem: { ...STOCK, note: null, status: 'withdrawn' },
  relistItem: { ...STOCK, version: 5 },
  quarantineItem: { ...STOCK, ...RELEASED, status: 'quarantined' },
  liftQuarantine: { ...STOCK, ...RELEASED, version: 6 },
  writeOffItem: { ...STOCK, ...GONE, note: null },
  archiveItem: { ...STOCK, ...GONE, reason: 'archived' },
  renameLocation: { version: 2 },
  closeLocation: { name: 'Cellar', closedAt: LATER, version: 2 },
  getReservation: { ...RESERVATION, version: 1 },
  makeReservation: { ...RESERVATION, version: 1 },
  extendReservation: RESERVATION,
  allocateReservation: reservation('allocated', 2),
  releaseReservation: reservation('released', 2),
  commitReservation: reservation('committed', 3),
  returnReservation: reservation('returned', 4),
};
