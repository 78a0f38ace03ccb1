import { formatId, type IdKind, newUuid } from '#platform/kernel';
import type { Store } from './client.js';
import type { ApiRoute } from './routes.js';

/** A body that each writing route takes; null where it takes none. A route that is not here fails the tests made of it. */
const BODIES: Readonly<Record<string, object | null>> = {
  'POST /api/v1/api-keys': { name: 'Till', scopes: ['key:read'] },
  'POST /api/v1/api-keys/:id/rotate': { overlapSeconds: 60 },
  'POST /api/v1/api-keys/:id/revoke': null,
  'PUT /api/v1/cors-origins': { origins: ['https://shop.example'] },
  'POST /api/v1/platform/tenants': { name: 'Wax Museum', mode: 'test' },
  'PATCH /api/v1/platform/tenants/:id': { name: 'Wax and Museum' },
  'POST /api/v1/platform/tenants/:id/suspend': { reason: 'unpaid' },
  'POST /api/v1/platform/tenants/:id/resume': null,
  'DELETE /api/v1/platform/tenants/:id': null,
  'PUT /api/v1/platform/tenants/:id/limits': {
    requestsPerMinute: 60,
    keyRequestsPer10Seconds: 6,
    concurrentRequests: 6,
  },
  'POST /api/v1/platform/projections/pause': { name: 'inventory.stock-levels' },
  'POST /api/v1/platform/projections/resume': { name: 'inventory.stock-levels' },
  'POST /api/v1/platform/projections/rebuild': { name: 'inventory.stock-levels' },
  'POST /api/v1/platform/projections/replay-parked': { name: 'inventory.stock-levels' },
  'POST /api/v1/platform/projections/roll-back': { name: 'inventory.stock-levels' },
  'POST /api/v1/platform/projections/drop-retired': { name: 'inventory.stock-levels' },
  'POST /api/v1/platform/parked-commands/:id/replay': null,
  'POST /api/v1/platform/parked-commands/:id/discard': { reason: 'corrected by hand' },
  'POST /api/v1/platform/tenants/:id/api-keys': { name: 'First', scopes: ['key:read'] },
  'POST /api/v1/catalog/categories': { name: 'Jazz' },
  'PATCH /api/v1/catalog/categories/:id': { name: 'Free jazz' },
  'POST /api/v1/catalog/categories/:id/move': { parentId: null },
  'DELETE /api/v1/catalog/categories/:id': null,
  'POST /api/v1/catalog/releases': { title: 'Stockholm' },
  'POST /api/v1/catalog/releases/bulk': { source: 'discogs', items: [{ externalId: '1', title: 'Stockholm' }] },
  'PATCH /api/v1/catalog/releases/:id': { title: 'Stockholm' },
  'POST /api/v1/catalog/releases/:id/archive': null,
  'POST /api/v1/catalog/releases/:id/restore': null,
  'POST /api/v1/catalog/releases/:id/merge': { into: 'rel_01j2jw8f00e00800000000001a' },
  'PUT /api/v1/catalog/releases/:id/categories': { categoryIds: [] },
  'POST /api/v1/inventory/locations': { name: 'Shop floor' },
  'PATCH /api/v1/inventory/locations/:id': { name: 'Back room' },
  'POST /api/v1/inventory/locations/:id/close': null,
  'POST /api/v1/inventory/items': { releaseId: 'rel_01j2jw8f00e00800000000001a', kind: 'single' },
  'POST /api/v1/inventory/items/bulk': {
    source: 'till',
    items: [{ releaseId: 'rel_01j2jw8f00e00800000000001a', kind: 'single', quantity: 1 }],
  },
  'PATCH /api/v1/inventory/items/:id': { note: 'Promo stamp on the back.' },
  'DELETE /api/v1/inventory/items/:id': null,
  'POST /api/v1/inventory/items/:id/adjust': { delta: -1, reason: 'damaged' },
  'POST /api/v1/inventory/items/:id/count': { counted: 98 },
  'POST /api/v1/inventory/items/:id/transfer': { to: 'loc_01j2jw8f00e00800000000001a', quantity: 1 },
  'POST /api/v1/inventory/items/:id/regrade': { mediaGrade: 'VG+' },
  'POST /api/v1/inventory/items/:id/price': { price: { amount: 1_799, currency: 'EUR' }, reason: 'sale' },
  'POST /api/v1/inventory/items/:id/cost': { cost: { amount: 800, currency: 'EUR' } },
  'POST /api/v1/inventory/items/:id/threshold': { threshold: 5 },
  'POST /api/v1/inventory/items/:id/withdraw': { reason: 'display' },
  'POST /api/v1/inventory/items/:id/relist': null,
  'POST /api/v1/inventory/items/:id/quarantine': { holdUntil: '2099-12-31T23:59:59.000Z', reason: 'holding period' },
  'POST /api/v1/inventory/items/:id/lift-quarantine': null,
  'POST /api/v1/inventory/items/:id/write-off': { reason: 'broken' },
  'POST /api/v1/inventory/prices/bulk': {
    reason: 'sale',
    items: [{ itemId: 'itm_01j2jw8f00e00800000000001a', version: 1, price: { amount: 1_799, currency: 'EUR' } }],
  },
  'POST /api/v1/inventory/adjustments/bulk': {
    reason: 'stocktaking',
    items: [{ itemId: 'itm_01j2jw8f00e00800000000001a', delta: -1 }],
  },
  'POST /api/v1/inventory/reservations': { items: [{ itemId: 'itm_01j2jw8f00e00800000000001a', quantity: 1 }] },
  'POST /api/v1/inventory/reservations/:id/extend': null,
  'POST /api/v1/inventory/reservations/:id/allocate': null,
  'POST /api/v1/inventory/reservations/:id/release': {},
  'POST /api/v1/inventory/reservations/:id/commit': {},
  'POST /api/v1/inventory/reservations/:id/return': {},
  'DELETE /api/v1/uploads/:id': null,
  'POST /api/v1/jobs': {
    kind: 'import',
    source: { uploadId: 'upl_01j2jw8f00e00800000000001a' },
    mapping: { release: { externalId: { column: 'id' }, title: { column: 'title' } } },
  },
  'PUT /api/v1/jobs/:id/cancel': null,
  'POST /api/v1/jobs/:id/cancel': null,
  'POST /api/v1/jobs/:id/pause': null,
  'POST /api/v1/jobs/:id/resume': null,
  'POST /api/v1/jobs/:id/retry': {},
  'POST /api/v1/batches/:id/retry': null,
  'PUT /api/v1/retry-policies': { maxAttempts: 3, baseMs: 200, capMs: 60_000, multiplier: 2, jitter: 'full' },
  'PUT /api/v1/grade-vocabulary': { words: { Top: 'NM', Untested: null } },
  'POST /api/v1/dead-letters/:id/requeue': null,
  'POST /api/v1/dead-letters/:id/discard': null,
  'PUT /api/v1/platform/work-pause': { paused: false },
  'PUT /api/v1/platform/tenants/:id/flow': { weight: 1, maxInFlight: null, unitsPerMinute: null, paused: false },
};

/** Names of the writing routes that have an example. */
export const ROUTES_WITH_EXAMPLES = Object.keys(BODIES);

/** Kinds of things that bodies name, and how the bodies above name one. */
const NAMED = (['release', 'category', 'location', 'stockItem', 'reservation', 'upload'] as const).map((kind) => ({
  kind,
  example: formatId(kind, '0190a5c4-3c00-7000-8000-00000000002a'),
}));

/**
 * A body the route takes; with a store, its things are named instead of those of examples.
 * @throws Error for a route that was forgotten here
 */
export function bodyFor({ name, method }: ApiRoute, store?: Store): object | undefined {
  if (method === 'GET') return undefined;
  const body = BODIES[name];
  if (body === undefined) throw new Error(`test/support/examples.ts has no body for ${name}`);
  if (!store || !body) return body ?? undefined;
  const ids = { ...idsOf(store), upload: store.sourceId };
  const text = NAMED.reduce((own, { kind, example }) => own.replaceAll(example, ids[kind]), JSON.stringify(body));
  return JSON.parse(text) as object;
}

/** Stores have parked commands only when something went wrong. */
const NO_COMMAND = formatId('parkedCommand', newUuid());

/** The id of a thing of a kind that a store has. @throws Error for a kind that was forgotten here */
export function idIn(store: Store): (kind: IdKind) => string {
  const ids: Partial<Record<IdKind, string>> = idsOf(store);
  return (kind) => {
    const id = ids[kind];
    if (id === undefined) throw new Error(`test/support/examples.ts knows no ${kind} of a store`);
    return id;
  };
}

function idsOf(store: Store) {
  return {
    tenant: store.tenantId,
    apiKey: store.keyId,
    parkedCommand: NO_COMMAND,
    release: store.releaseId,
    category: store.categoryId,
    location: store.locationId,
    stockItem: store.stockItemId,
    reservation: store.reservationId,
    upload: store.uploadId,
    job: store.jobId,
    batch: store.batchId,
    deadLetter: store.deadLetterId,
  };
}

/** A well-formed id of nothing. */
export const randomId = (kind: IdKind): string => formatId(kind, newUuid());
