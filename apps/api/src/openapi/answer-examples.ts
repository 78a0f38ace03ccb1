const LATER = '2026-02-01T09:30:00.000Z';

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
  renameCategory: { releases: 1, updatedAt: LATER, version: 2 },
  moveCategory: { releases: 1 },
};
