import { type IdKind, ID_PREFIXES, newUuid, formatId, parseId } from '#platform/kernel';
import type { Parameter } from '../../../apps/api/src/openapi/model.js';
import {
  type Answer,
  type Call,
  EXAMPLE_JOB,
  EXAMPLE_PARKED_COMMAND,
  EXAMPLE_PROJECTION,
  type TestApi,
} from '../../support/api.js';
import { defaultLocationId } from '../../../libs/inventory/src/locations.js';
import { Client } from '../../support/client.js';
import { type PlacedOperation, readDocument, resolved } from './documents.js';
import { headersOf, queryOf } from './files.js';

const document = readDocument();

/** The id that examples have. */
const EXAMPLE_UUID = '0190a5c4-3c00-7000-8000-00000000002a';
/** A store's release as in the examples, and the one that examples merge into. */
const RELEASE_IDS = ['0190a5c4-3c00-7000-8000-000000000001', EXAMPLE_UUID];
/** The catalogue that examples speak of, as if a store had it already; $1 is the store. */
const EXAMPLE_CATALOGUE = `
  with release as (
    insert into catalog.release (tenant_id, id, title, artists, labels, formats, genres, styles, tracks, images, attributes,
                                 product_type, artist_key, title_key, released_key)
    values ($1, '${RELEASE_IDS[0]}', 'Stockholm', '{The Persuader}', '[{"name":"Svek"}]', '[{"name":"Vinyl"}]', '{Electronic}',
            '{Deep House}', '[{"title":"Östermalm"}]', '{https://img.example/1.jpg}', '{"binding":"hardcover"}', 'record',
            'the persuader', 'stockholm', 0),
           ($1, '${RELEASE_IDS[1]}', 'The other', '{}', '[]', '[]', '{}', '{}', '[]', '{}', '{}', 'record', '', 'the other', 0)),
  searched as (
    insert into catalog.release_search (tenant_id, release_id, listed, document, by_genre, by_style, by_format, by_label, artist_key, title_key, released_key)
    values ($1::uuid, '${RELEASE_IDS[0]}', true, array_to_tsvector(array[right($1::text, 6) || 'n:the persuader', right($1::text, 6) || 't:stockholm']), '{}', '{}', '{}', '{}', 'the persuader', 'stockholm', 0),
           ($1, '${RELEASE_IDS[1]}', true, '', '{}', '{}', '{}', '{}', '', 'the other', 0)),
  named as (
    insert into catalog.external_id (tenant_id, source, external_key, release_id, item_hash, release_version)
    values ($1, 'discogs', '1', '${RELEASE_IDS[0]}', '', 1)),
  category as (
    insert into catalog.category (tenant_id, id, name, name_key, place) values ($1, '${EXAMPLE_UUID}', 'Electronic', 'electronic', 0))
  insert into catalog.release_category (tenant_id, category_id, release_id) values ($1, '${EXAMPLE_UUID}', '${RELEASE_IDS[0]}')`;

/** What the examples of stock speak of: a pool of ten units at two locations, one of them held. */
const SHOP_ID = '00000000-0000-7000-8000-000000000004';
const ITEM_ID = '0190a5c4-3c00-7000-8000-000000000003';
const RESERVATION_ID = '0190a5c4-3c00-7000-8000-000000000005';
const EXAMPLE_STOCK = `
  with place as (
    insert into inventory.location (tenant_id, id, name, name_key, is_default, version, created_at)
    values ($1, '${SHOP_ID}', 'Cellar', 'Cellar', false, 1, now())),
  stream as (
    insert into es.streams (tenant_id, stream_id, category, version) values ($1, '${ITEM_ID}', 'inventory.item', 3)),
  history as (
    insert into es.events (tenant_id, stream_id, version, event_id, type, data, meta)
    select $1::uuid, '${ITEM_ID}', n.version, gen_random_uuid(), 'inventory.' || n.type, n.data::jsonb, '{}' from (values
      (1, 'stock-received', '{"releaseId":"${EXAMPLE_UUID}","kind":"pool","locationId":"' || $2 || '","quantity":10,"requiresGrade":false,
         "code":"REC-000001","price":{"amount":1999,"currency":"EUR"},"cost":{"amount":1999,"currency":"EUR"},
         "provenance":{"kind":"manual"},"status":"available","receivedAt":"2026-01-31T12:00:00.000Z"}'),
      (2, 'stock-transferred', '{"from":"' || $2 || '","to":"${SHOP_ID}","quantity":5}'),
      (3, 'stock-reserved', '{"reservationId":"${RESERVATION_ID}","locationId":"' || $2 || '","quantity":1,"state":"held",
         "expiresAt":"2099-12-31T23:59:59.000Z","reference":"cart 4711"}')) as n (version, type, data) order by n.version),
  item as (
    insert into inventory.item_a (tenant_id, id, release_id, single, status, code)
    values ($1, '${ITEM_ID}', '${EXAMPLE_UUID}', false, 'available', 'REC-000001')),
  units as (
    insert into inventory.availability_a (tenant_id, item_id, location_id, on_hand, held, allocated)
    values ($1, '${ITEM_ID}', $2::text::uuid, 5, 1, 0), ($1, '${ITEM_ID}', '${SHOP_ID}', 5, 0, 0))
  insert into inventory.reservation_line_a (tenant_id, reservation_id, item_id, location_id, single, quantity, state, expires_at, extensions, reference, changes)
  values ($1, '${RESERVATION_ID}', '${ITEM_ID}', $2::text::uuid, false, 1, 'held', '2099-12-31T23:59:59Z', 0, 'cart 4711', 1)`;
/** Operations on an item that is not promised to anybody. */
const ON_FREE_ITEMS = ['quarantineItem', 'liftQuarantine', 'writeOffItem', 'archiveItem'];
/** The upload that examples speak of. */
const EXAMPLE_FILE = 'id,title\n1,Aja\n2,Björk\n';
/** The state that the example job must be in for these. */
const STATE_FOR: Readonly<Record<string, string>> = {
  pauseJob: 'running',
  resumeJob: 'paused',
  cancelJob: 'running',
  cancelJobByPut: 'running',
};

/** A store of its own with a key, in which one operation is tried. */
export interface Setting {
  readonly tenantId: string;
  readonly key: string;
  /** The thing of each kind that paths name. */
  readonly ids: Partial<Record<IdKind, string>>;
}

/** How one call differs from the ordinary one. */
export interface Change extends Call {
  readonly path?: string;
}

/** Makes calls of the document's operations. */
export class OperationCaller {
  readonly client: Client;

  constructor(private readonly api: TestApi) {
    this.client = new Client(api.url);
  }

  /** A new store, named as in the examples, with a second key that is made as in the examples. */
  async setting(): Promise<Setting> {
    const { tenantId, key } = await this.api.makeTenant('Plastic Palace');
    const { expiresAt: _, ...body } = requestExample('issueApiKey') as Record<string, unknown>;
    const issued = await this.client.call<{ id: string }>('POST', '/api/v1/api-keys', { key, body });
    const tenant = parseId('tenant', tenantId);
    const [parked] = await this.api.database.admin<{ id: string }>(EXAMPLE_PARKED_COMMAND, [tenant]);
    const parkedCommand = formatId('parkedCommand', parked?.id ?? '');
    await this.api.database.admin(EXAMPLE_CATALOGUE, [tenant]);
    const file = { key, raw: EXAMPLE_FILE, headers: { 'content-type': 'text/csv' } };
    const path = '/api/v1/uploads?filename=collection.csv';
    const upload = (await this.client.call<{ id: string }>('POST', path, file)).body.id;
    const [release = ''] = RELEASE_IDS;
    await this.api.database.admin(EXAMPLE_STOCK, [tenant, defaultLocationId(tenant ?? '')]);
    await this.api.database.admin(EXAMPLE_JOB, [tenant]);
    const ids = {
      parkedCommand,
      upload,
      release: formatId('release', release),
      category: formatId('category', EXAMPLE_UUID),
      location: formatId('location', SHOP_ID),
      stockItem: formatId('stockItem', ITEM_ID),
      reservation: formatId('reservation', RESERVATION_ID),
      job: formatId('job', EXAMPLE_UUID),
      batch: formatId('batch', EXAMPLE_UUID),
      deadLetter: formatId('deadLetter', EXAMPLE_UUID),
    };
    return { tenantId, key, ids: { tenant: tenantId, apiKey: issued.body.id, ...ids } };
  }

  /** Does what has to happen before the operation's example can be sent. */
  async prepare({ operation }: PlacedOperation, setting: Setting): Promise<void> {
    if (operation.operationId === 'resumeTenant') await this.run('suspendTenant', setting);
    if (operation.operationId === 'restoreRelease') await this.run('archiveRelease', setting);
    if (operation.operationId === 'deleteCategory')
      await this.api.database.admin('delete from catalog.release_category where category_id = $1', [EXAMPLE_UUID]);
    await this.prepareStock(operation.operationId, setting);
    if (['appendToUpload', 'askUploadOffset'].includes(operation.operationId)) await this.beginUpload(setting);
    const jobState = STATE_FOR[operation.operationId];
    if (jobState) {
      const sql = `update freight.job set state = $1, phase = 'records', finished_at = null where id = $2 and tenant_id = $3`;
      await this.api.database.admin(sql, [jobState, EXAMPLE_UUID, parseId('tenant', setting.tenantId)]);
    }
    if (operation.tags.includes('Platform: projections')) await this.api.database.admin(EXAMPLE_PROJECTION);
  }

  /** The setting's upload is from now on one that nothing has been sent to. @param metadata what was said of it */
  async beginUpload({ key, ids }: Setting, metadata = ''): Promise<void> {
    const headers = { 'tus-resumable': '1.0.0', 'upload-length': '24', 'upload-metadata': metadata };
    ids.upload = (await this.client.call<{ id: string }>('POST', '/api/v1/uploads', { key, headers })).body.id;
  }

  private async prepareStock(operationId: string, setting: Setting): Promise<void> {
    if (ON_FREE_ITEMS.includes(operationId)) await this.run('releaseReservation', setting, { body: {} });
    if (operationId === 'liftQuarantine') {
      const holdUntil = new Date(Date.now() + 300).toISOString();
      await this.run('quarantineItem', setting, { body: { holdUntil, reason: 'holding period' } });
      await new Promise((resolve) => setTimeout(resolve, 350));
    }
    if (operationId === 'relistItem') await this.run('withdrawItem', setting);
    if (['commitReservation', 'returnReservation'].includes(operationId))
      await this.run('allocateReservation', setting);
    if (operationId === 'returnReservation') await this.run('commitReservation', setting, { body: {} });
    if (operationId === 'closeLocation') {
      const to = formatId('location', defaultLocationId(parseId('tenant', setting.tenantId) ?? ''));
      await this.run('transferStock', setting, { body: { from: setting.ids.location, to, quantity: 5 } });
    }
  }

  /** Calls an operation with its example, or with what is changed of it. */
  call<T = Record<string, unknown>>(
    { path, method, operation }: PlacedOperation,
    { ids, key, tenantId }: Setting,
    { path: ownPath, ...change }: Change = {},
  ): Promise<Answer<T>> {
    const isOperators = operation.security.every((choice) => 'operatorToken' in choice);
    const usual = { key: isOperators ? this.api.operatorToken : key, body: requestExample(operation.operationId) };
    const own = 'raw' in change ? { ...usual, body: undefined, ...change } : { ...usual, ...change };
    const given = { ...own, headers: { ...headersOf(operation), ...change.headers } };
    const ownOrExample = ownPath ?? pathOf(path, operation.parameters, ids) + queryOf(operation);
    return this.client.call<T>(method.toUpperCase(), ownOrExample, withIds(given, ids, tenantId));
  }

  /** As `call`, of the operation with this id. */
  async run(operationId: string, setting: Setting, change?: Change): Promise<void> {
    const answer = await this.call(placed(operationId), setting, change);
    if (answer.status >= 300) throw new Error(`${operationId} answered ${answer.status}: ${answer.text}`);
  }
}

/** A call with the store's things in place of those that examples name; `...1b` is its default location. A text is sent as it is. */
function withIds({ body, ...call }: Call, ids: Setting['ids'], tenantId: string): Call {
  if (body === undefined) return call;
  if (typeof body === 'string') return { ...call, raw: body };
  const main = formatId('location', defaultLocationId(parseId('tenant', tenantId) ?? ''));
  const own = JSON.stringify(body).replaceAll('loc_01j2jw8f00e00800000000001b', main);
  const kinds = ['stockItem', 'location', 'reservation'] as const;
  const text = kinds.reduce((all, kind) => all.replaceAll(formatId(kind, EXAMPLE_UUID), ids[kind] ?? ''), own);
  return { ...call, body: JSON.parse(text) as unknown };
}

/** The operation's path with ids in their places. */
export function pathOf(path: string, parameters: readonly unknown[], ids: Setting['ids']): string {
  return parameters.reduce<string>((filled, parameter) => {
    const { name, in: place, schema } = resolved<Parameter>(document, parameter as Parameter);
    if (place !== 'path') return filled;
    const kinds = Object.entries(ID_PREFIXES) as [IdKind, string][];
    const [kind] = kinds.find(([, prefix]) => String(schema?.['pattern']).startsWith(`^${prefix}_`)) ?? [];
    const id = kind && ids[kind];
    if (id === undefined) throw new Error(`test/contract/support/setting.ts has no ${name} for ${path}`);
    return filled.replace(`{${name}}`, id);
  }, path);
}

/** Ids that nothing has. */
export function unknownIds(): Setting['ids'] {
  return Object.fromEntries((Object.keys(ID_PREFIXES) as IdKind[]).map((kind) => [kind, formatId(kind, newUuid())]));
}

/** The operation with this id. */
export function placed(operationId: string): PlacedOperation {
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      if (operation.operationId === operationId)
        return { path, method: method as PlacedOperation['method'], operation };
    }
  }
  throw new Error(`there is no operation ${operationId}`);
}

/** The document's example of a request, undefined where the operation takes no body. */
export function requestExample(operationId: string, name = 'full'): unknown {
  const [media] = Object.values(placed(operationId).operation.requestBody?.content ?? {});
  return media?.examples?.[name]?.value;
}
