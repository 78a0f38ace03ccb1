import { type IdKind, ID_PREFIXES, newUuid, formatId, parseId } from '#platform/kernel';
import type { Parameter } from '../../../apps/api/src/openapi/model.js';
import { type Answer, type Call, EXAMPLE_PARKED_COMMAND, EXAMPLE_PROJECTION, type TestApi } from '../../support/api.js';
import { Client } from '../../support/client.js';
import { type PlacedOperation, readDocument, resolved } from './documents.js';

const document = readDocument();

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
    return { tenantId, key, ids: { tenant: tenantId, apiKey: issued.body.id, parkedCommand } };
  }

  /** Does what has to happen before the operation's example can be sent. */
  async prepare({ operation }: PlacedOperation, setting: Setting): Promise<void> {
    if (operation.operationId === 'resumeTenant') await this.run('suspendTenant', setting);
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
