import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, type IncomingMessage, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DynamicModule } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createLogger } from '#platform/telemetry';
import { createServer } from '#platform/http';
import { ApiModule } from '../../apps/api/src/api.module.js';
import { apiConfig } from '../../apps/api/src/config.js';
import { serveDocument } from '../../apps/api/src/openapi.js';
import { createTestDatabase, type TestDatabase } from './database.js';

/** What a call answered. */
export interface Answer<T = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: T;
}

/** How to call: JSON body, credential, more headers. */
export interface Call {
  readonly key?: string;
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly raw?: string | Uint8Array;
  readonly headers?: Record<string, string>;
}

/** A whole api on a port and a database of its own. */
export interface TestApi {
  readonly app: NestFastifyApplication;
  readonly url: string;
  readonly database: TestDatabase;
  readonly operatorToken: string;
  /** Every line the api has logged so far. */
  readonly logs: string[];
  call<T = Record<string, unknown>>(method: string, path: string, call?: Call): Promise<Answer<T>>;
  /** Makes a store and its first key. */
  makeTenant(name?: string, mode?: 'test' | 'live'): Promise<{ tenantId: string; key: string; keyId: string }>;
  close(): Promise<void>;
}

/** The projection that examples name, as if its worker had just rebuilt it. */
export const EXAMPLE_PROJECTION = `insert into es.projections (name, version, slot, status, position)
  select 'inventory.stock-levels', 1, slot, status, (select coalesce(max(position), 0) from es.events)
    from (values ('a', 'live'), ('b', 'retired')) as made (slot, status)
  on conflict (name, slot, shard) do update
     set paused = false, wish = null, kind = 'projection', status = excluded.status, position = excluded.position`;

/** A command of a store that is parked, as examples have it. $1 is the store's UUID; answers the UUID of its id. */
export const EXAMPLE_PARKED_COMMAND = `insert into es.outbox as o (tenant_id, command, dedupe_key, payload, attempts, error, parked_at)
  values ($1, 'inventory.receive-stock', '0190a5c4-3c00-7000-8000-00000000002a:inventory.on-line-purchased:0', '{}', 6,
          '{"message": "Error: the till is closed"}', clock_timestamp())
  returning md5(o.tenant_id::text || ' ' || o.id)::uuid as id`;

/**
 * Starts the api. Settings can be overridden; Redis is the test run's own unless told otherwise.
 * @param more routes and handlers of the test's own
 */
export async function startTestApi(
  settings: Record<string, string> = {},
  more: Pick<DynamicModule, 'controllers' | 'providers'> = {},
): Promise<TestApi> {
  const database = await createTestDatabase();
  await database.admin(EXAMPLE_PROJECTION);
  const uploads = await mkdtemp(join(tmpdir(), 'recrate-uploads-'));
  const operatorToken = `op_${randomBytes(32).toString('base64url')}`;
  const config = apiConfig({
    NODE_ENV: 'test',
    DATABASE_URL_RT: database.rtUrl,
    DATABASE_URL_PLATFORM: database.platformUrl,
    REDIS_URL: process.env['TEST_REDIS_URL'],
    RECRATE_SECRET: randomBytes(32).toString('base64url'),
    UPLOADS_FOLDER: uploads,
    OPERATOR_TOKEN: operatorToken,
    ...settings,
  });
  const logs: string[] = [];
  const logger = createLogger({
    service: 'api',
    level: 'debug',
    destination: { write: (line: string) => void logs.push(line) },
  });
  class TestRoot {}
  const root = { module: TestRoot, imports: [ApiModule.forRoot(config)], ...more };
  const app = await createServer(root, {
    logger,
    trustedProxies: config.TRUSTED_PROXIES,
    extend: serveDocument,
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  const call: TestApi['call'] = (method, path, options) => request(`${url}${path}`, method, options);
  return {
    app,
    url,
    database,
    operatorToken,
    logs,
    call,
    makeTenant: (name, mode) => makeTenant(call, operatorToken, name, mode),
    close: async () => {
      await app.close();
      await database.drop();
      await rm(uploads, { recursive: true });
    },
  };
}

async function makeTenant(
  call: TestApi['call'],
  operator: string,
  name = 'Test Records',
  mode: 'test' | 'live' = 'test',
) {
  const tenant = await call<{ id: string }>('POST', '/api/v1/platform/tenants', {
    key: operator,
    body: { name, mode },
  });
  if (tenant.status !== 201) throw new Error(`the store was not made: ${tenant.text}`);
  const path = `/api/v1/platform/tenants/${tenant.body.id}/api-keys`;
  const issued = await call<{ id: string; key: string }>('POST', path, { key: operator, body: { name: 'first key' } });
  if (issued.status !== 201) throw new Error(`the key was not issued: ${issued.text}`);
  return { tenantId: tenant.body.id, key: issued.body.key, keyId: issued.body.id };
}

/** Connections are kept, as a front end keeps them. */
const agent = new Agent({ keepAlive: true });

/** One HTTP call, cheaper than `fetch`: the tests make tens of thousands; a body that is no JSON is answered as an empty object. */
export async function request<T>(
  url: string,
  method: string,
  { key, body, raw, headers = {} }: Call = {},
): Promise<Answer<T>> {
  const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  const sent = {
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    ...(payload === undefined ? {} : { 'content-type': type, 'content-length': String(Buffer.byteLength(payload)) }),
    ...headers,
  };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    httpRequest(url, { method, agent, headers: sent }, resolve).on('error', reject).end(payload);
  });
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return { status: response.statusCode ?? 0, headers: headersOf(response), text, body: parsed<T>(text) };
}

function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers();
  for (let i = 0; i < rawHeaders.length; i += 2) headers.append(rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '');
  return headers;
}

function parsed<T>(text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch {
    return {} as T;
  }
}

/** The UUID that things of examples have. */
export const EXAMPLE_ID = '0190a5c4-3c00-7000-8000-00000000002a';

/** The job that examples speak of, as if a store had it already: it has taken 312 records over and failed four. $1 is the store. */
export const EXAMPLE_JOB = `
  with upload as (
    insert into files.upload (tenant_id, id, kind, state, filename, reserved_bytes, size_bytes, sent_bytes, sha256, gzip, created_at,
      expires_at, finished_at, version)
    values ($1, '${EXAMPLE_ID}', 'stream', 'complete', 'collection.csv', 81920, 81920, 81920,
      sha256('collection'), false, now(), now() + interval '1 day', now(), 1) on conflict do nothing),
  job as (
    insert into freight.job (tenant_id, id, kind, state, phase, upload_id, source_name, source_bytes, source_sha256, declared_format,
      format, mapping, options, priority, on_budget, total_rows, planned_batches, last_batch_no, created_by, finished_at)
    values ($1, '${EXAMPLE_ID}', 'import', 'completed_with_errors', 'done',
      '${EXAMPLE_ID}', 'collection.csv', 81920, encode(sha256('collection'), 'hex'), '{}',
      '{"kind":"csv","encoding":"utf-8","delimiter":",","header":["release_id","Title"]}',
      '{"source":"discogs","release":{"externalId":{"column":"release_id"},"exactKey":false,"title":{"column":"Title"}}}',
      '{"duplicates":"last_wins","batchSize":null,"locationId":null}', 'normal', 'pause', 316, 1, 1, 'test', now())),
  counts as (
    insert into freight.job_counter (tenant_id, job_id, shard, created, updated, unchanged, failed, release_created, release_updated,
      release_unchanged)
    values ($1, '${EXAMPLE_ID}', 0, 300, 4, 8, 4, 300, 4, 8)),
  batch as (
    insert into freight.batch (tenant_id, id, job_id, no, origin, state, row_from, row_count, byte_from, byte_to, line_from, created,
      updated, unchanged, failed, finished_at)
    values ($1, '${EXAMPLE_ID}', '${EXAMPLE_ID}', 1, 'plan', 'done_with_failures', 1, 316,
      0, 81920, 1, 300, 4, 8, 4, now())),
  log as (
    insert into freight.record_log (tenant_id, job_id, row_no, attempt, batch_no, outcome, class, code, message, at)
    values ($1, '${EXAMPLE_ID}', 17, 1, 1, 5, 1, 'mapping.not_money', 'This is no amount of money.', now()))
  insert into freight.dead_letter (tenant_id, id, job_id, batch_id, row_no, class, code, message, raw, attempts)
  values ($1, '${EXAMPLE_ID}', '${EXAMPLE_ID}', '${EXAMPLE_ID}', 17,
    'permanent', 'database.23514', 'The database refuses the record (release_weight_check).', '["2568011","Nevermind"]', 1)`;
