import { type IdKind, ID_PREFIXES, newUuid, formatId, parseId } from '#platform/kernel';
import type { Parameter } from '../../../apps/api/src/openapi/model.js';
import { type Answer, type Call, EXAMPLE_PARKED_COMMAND, EXAMPLE_PROJECTION, type TestApi } from '../../support/api.js';
import { Client } from '../../support/client.js';
import { type PlacedOperation, readDocument, resolved } from './documents.js';

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
    insert into catalog.release_search (tenant_id, release_id, listed, document, facets, artist_key, title_key, released_key)
    values ($1, '${RELEASE_IDS[0]}', true, '''n:the persuader'' ''t:stockholm''', '{}', 'the persuader', 'stockholm', 0),
           ($1, '${RELEASE_IDS[1]}', true, '''t:the other''', '{}', '', 'the other', 0)),
  named as (
    insert into catalog.external_id (tenant_id, source, external_key, release_id, item_hash, release_version)
    values ($1, 'discogs', '1', '${RELEASE_IDS[0]}', '', 1)),
  category as (
    insert into catalog.category (tenant_id, id, name, name_key, place) values ($1, '${EXAMPLE_UUID}', 'Electronic', 'electronic', 0))
  insert into catalog.release_category (tenant_id, category_id, release_id) values ($1, '${EXAMPLE_UUID}', '${RELEASE_IDS[0]}')`;

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
    const [release = ''] = RELEASE_IDS;
    const ids = { parkedCommand, release: formatId('release', release), category: formatId('category', EXAMPLE_UUID) };
    return { tenantId, key, ids: { tenant: tenantId, apiKey: issued.body.id, ...ids } };
  }

  /** Does what has to happen before the operation's example can be sent. */
  async prepare({ operation }: PlacedOperation, setting: Setting): Promise<void> {
    if (operation.operationId === 'resumeTenant') await this.run('suspendTenant', setting);
    if (operation.operationId === 'restoreRelease') await this.run('archiveRelease', setting);
    if (operation.operationId === 'deleteCategory')
      await this.api.database.admin('delete from catalog.release_category where category_id = $1', [EXAMPLE_UUID]);
    if (operation.tags.includes('Platform: projections')) await this.api.database.admin(EXAMPLE_PROJECTION);
  }

  /** Calls an operation with its example, or with what is changed of it. */
  call<T = Record<string, unknown>>(
    { path, method, operation }: PlacedOperation,
    { ids, key }: Setting,
    { path: ownPath, ...change }: Change = {},
  ): Promise<Answer<T>> {
    const isOperators = operation.security.every((choice) => 'operatorToken' in choice);
    const usual = { key: isOperators ? this.api.operatorToken : key, body: requestExample(operation.operationId) };
    const call = 'raw' in change ? { ...usual, body: undefined, ...change } : { ...usual, ...change };
    return this.client.call<T>(method.toUpperCase(), ownPath ?? pathOf(path, operation.parameters, ids), call);
  }

  /** As `call`, of the operation with this id. */
  async run(operationId: string, setting: Setting, change?: Change): Promise<void> {
    const answer = await this.call(placed(operationId), setting, change);
    if (answer.status >= 300) throw new Error(`${operationId} answered ${answer.status}: ${answer.text}`);
  }
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
