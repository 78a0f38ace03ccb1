import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseId } from '#platform/kernel';
import type { JobView } from '../../libs/freight/src/freight.views.js';
import type { RecordLogView } from '../../libs/freight/src/queries/list-record-logs.query.js';
import { ACCOUNTING } from './accounting.js';
import { type ApiProcess, type AppProcess, apiSettings, startApiProcess, startWorkerProcess } from './api-process.js';
import type { Answer } from './api.js';
import { type BareStore, Client, makeBareStore, type ProblemBody } from './client.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { SHARED_DATA } from './project.js';
import { eventually, OwnRedis } from './redis-server.js';
import type { RealImport } from '../realdata/mappings/real-import.js';

const OVER = ['completed', 'completed_with_errors', 'failed', 'cancelled'];
const JOB_MS = 400_000;
/** A worker that starts on a busy machine, and the lease of the one that was killed. */
const NEXT_WORK_MS = 90_000;

/** Business columns: what a store would miss. Versions depend on which of two rows of a release came first. */
const RELEASES = `
  select e.source, e.external_key, r.title, r.artists, r.labels::text, r.barcode, r.formats::text, r.country, r.released, r.genres,
    r.styles, r.images, r.weight_grams, r.attributes::text, r.product_type, r.state
  from catalog.external_id e join catalog.release r on r.tenant_id = e.tenant_id and r.id = e.release_id where e.tenant_id = $1`;
const STOCK = `
  select i.source, i.source_key, e.external_key, s.kind, s.status, s.reason, s.sku, s.media_grade, s.sleeve_grade, s.price_amount,
    s.price_currency, s.on_hand, s.reserved, s.artist, s.title,
    (select count(*) from es.events v where v.tenant_id = i.tenant_id and v.stream_id = i.id) as events
  from inventory.item i join inventory.stock_row s on s.tenant_id = i.tenant_id and s.item_id = i.id
    join catalog.external_id e on e.tenant_id = i.tenant_id and e.release_id = i.release_id where i.tenant_id = $1`;

/** What a store holds, as numbers and as a text that changes with any row. */
export interface Holdings {
  readonly releases: number;
  readonly stock: number;
  readonly digest: string;
}

/** How the product is run. */
export interface ProductSetup {
  /** Beside the usual ones. */
  readonly settings?: Record<string, string>;
  /** Workers that start beside the api. Default: none. */
  readonly workers?: number;
  /** Running servers. Default: a database and a Redis of its own. */
  readonly servers?: { readonly database: TestDatabase; readonly redis: OwnRedis };
  /** Statuses of 500 and above that the test brings about. */
  readonly expected?: readonly number[];
}

/** api and worker as they are run, in processes of their own, on a database and a Redis of the test. */
export class Product {
  readonly workers: AppProcess[] = [];

  private constructor(
    readonly database: TestDatabase,
    private readonly redis: OwnRedis,
    readonly uploads: string,
    private readonly settings: Record<string, string>,
    readonly api: ApiProcess,
    readonly client: Client,
  ) {}

  static async start({ settings: more, workers = 0, servers, expected }: ProductSetup = {}): Promise<Product> {
    const database = servers?.database ?? (await createTestDatabase());
    const redis = servers?.redis ?? (await OwnRedis.create());
    if (!servers) await redis.start();
    const uploads = mkdtempSync(join(tmpdir(), 'recrate-uploads-'));
    const own = { UPLOADS_FOLDER: uploads, REDIS_URL: redis.url, DATABASE_URL_WORKER: database.workerUrl };
    const settings = apiSettings(database, { ...own, ...more });
    const [api, ...started] = await Promise.all([
      startApiProcess(settings),
      ...Array.from({ length: workers }, () => startWorkerProcess(settings)),
    ]);
    const product = new Product(database, redis, uploads, settings, api, new Client(api.url, expected));
    product.workers.push(...started);
    return product;
  }

  async startWorker(): Promise<AppProcess> {
    const worker = await startWorkerProcess(this.settings);
    this.workers.push(worker);
    return worker;
  }

  newStore(): Promise<BareStore> {
    return makeBareStore({ url: this.api.url, operatorToken: this.settings['OPERATOR_TOKEN'] ?? '' });
  }

  /** Sends a file as it is, packed if it is packed. */
  send({ key }: BareStore, content: Uint8Array): Promise<Answer<ProblemBody & { readonly id: string }>> {
    const headers = { 'content-type': 'application/octet-stream' };
    return this.client.call('POST', '/api/v1/uploads', { key, raw: content, headers });
  }

  /** Starts a job on a file. @param input what the job says beside its source */
  async begin(store: BareStore, content: Uint8Array, input: object): Promise<JobView> {
    const sent = await this.send(store, content);
    if (sent.status !== 201) throw new Error(`the file was not taken: ${sent.text}`);
    const { status, body, text } = await this.client.call<JobView>('POST', '/api/v1/jobs', {
      key: store.key,
      body: { kind: 'import', source: { uploadId: sent.body.id }, ...input },
    });
    if (status !== 202) throw new Error(`the job was not taken: ${text}`);
    return body;
  }

  /** Starts a job on a real file. */
  async start(store: BareStore, { file, mapping, options }: RealImport, more: object = {}): Promise<JobView> {
    return this.begin(store, await readFile(join(SHARED_DATA, file)), { mapping, ...options, ...more });
  }

  async job({ key }: BareStore, id: string): Promise<JobView> {
    return (await this.client.call<JobView>('GET', `/api/v1/jobs/${id}`, { key })).body;
  }

  /** The job when it is over, asked for as a caller would. */
  async over(store: BareStore, { id }: JobView): Promise<JobView> {
    let job = await this.job(store, id);
    await eventually(
      'the job is over',
      async () => {
        if (!OVER.includes(job.state)) await sleep(100);
        job = await this.job(store, id);
        return OVER.includes(job.state);
      },
      JOB_MS,
    );
    return job;
  }

  /** The first lines of a job's log that a filter leaves. */
  async logs({ key }: BareStore, { id }: JobView, filter: string): Promise<readonly RecordLogView[]> {
    const path = `/api/v1/jobs/${id}/logs?limit=100&${filter}`;
    return (await this.client.call<{ data: RecordLogView[] }>('GET', path, { key })).body.data;
  }

  /**
   * Runs a job on workers that are killed with SIGKILL, each while it holds a batch that it has just taken. One more worker than
   * kills is started; the last one ends the job.
   * @returns the job when it is over, and how many attempts of its batches ended with their workers
   */
  async overUnderKills(store: BareStore, job: JobView, kills: number): Promise<{ over: JobView; lost: number }> {
    let running = await this.startWorker();
    for (let kill = 0; kill < kills; kill++) {
      await eventually(
        `the worker is at work for kill ${kill + 1}`,
        () => this.stopsAtWork(running, job),
        NEXT_WORK_MS,
      );
      await running.kill();
      running = await this.startWorker();
    }
    const over = await this.over(store, job);
    await running.kill();
    const [row] = await this.database.admin<{ lost: number }>(
      `select coalesce(sum(attempts - 1), 0)::int as lost from jobs.task where parent_id = $1 and kind = 'freight.batch'`,
      [parseId('job', job.id)],
    );
    return { over, lost: row?.lost ?? 0 };
  }

  /** Freezes the worker for a look at whether it holds a batch of the job; lets it go on when it does not. */
  private async stopsAtWork({ pid, signal }: AppProcess, { id }: JobView): Promise<boolean> {
    signal('SIGSTOP');
    // What it had sent is done by then.
    await sleep(20);
    const [row] = await this.database.admin(
      `select 1 from jobs.task where parent_id = $1 and kind = 'freight.batch' and state = 'running'
         and split_part(lease_owner, ':', 2) = $2`,
      [parseId('job', id), String(pid)],
    );
    if (row === undefined) signal('SIGCONT');
    return row !== undefined;
  }

  /** Outcome by row, as the log has it. */
  async outcomes(job: JobView): Promise<string> {
    const [row] = await this.database.admin<{ digest: string }>(
      `select md5(coalesce(string_agg(row_no || ' ' || outcome || ' ' || coalesce(code, ''), E'\\n' order by row_no), '')) as digest
       from freight.record_latest where job_id = $1`,
      [parseId('job', job.id)],
    );
    return row?.digest ?? '';
  }

  /** What the store holds once its lists have come to the end of the events. */
  async holdings(store: BareStore): Promise<Holdings> {
    const tenant = parseId('tenant', store.tenantId);
    await eventually(
      'the list of stock shows all items',
      async () => {
        const [row] = await this.database.admin<{ same: boolean }>(
          `select (select count(*) from inventory.item where tenant_id = $1)
             = (select count(*) from inventory.stock_row where tenant_id = $1) as same`,
          [tenant],
        );
        return row?.same === true;
      },
      NEXT_WORK_MS,
    );
    const [row] = await this.database.admin<Holdings>(
      `with rows as (
         select 'release' as kind, to_jsonb(r)::text as text from (${RELEASES}) r union all
         select 'stock', to_jsonb(s)::text from (${STOCK}) s)
       select (count(*) filter (where kind = 'release'))::int as releases, (count(*) filter (where kind = 'stock'))::int as stock,
         md5(coalesce(string_agg(text, E'\\n' order by text), '')) as digest from rows`,
      [tenant],
    );
    return row ?? { releases: 0, stock: 0, digest: '' };
  }

  /** What does not add up: nothing, whatever has happened. */
  async faults(): Promise<string[]> {
    const rows = await this.database.admin<{ fault: string }>(ACCOUNTING);
    return [...rows.map(({ fault }) => fault), ...this.client.faults];
  }

  async stop(): Promise<void> {
    await Promise.all([this.api, ...this.workers].map((app) => app.kill()));
    await this.redis.remove();
    await this.database.drop();
    rmSync(this.uploads, { recursive: true, force: true });
  }
}
