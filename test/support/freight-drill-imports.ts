import { setTimeout as sleep } from 'node:timers/promises';
import type { JobView } from '../../libs/freight/src/freight.views.js';
import type { Answer } from './api.js';
import type { BareStore } from './client.js';
import { ADDITIVE_MAPPING, csvOf, goodRows } from './freight.js';
import type { Product } from './freight-product.js';
import type { Dice } from './random.js';

/** A store that imports one file after the other. */
export interface Shop {
  readonly name: string;
  readonly store: BareStore;
  /** Jobs at a time, and rows of each at most. */
  readonly jobs: number;
  readonly rows: number;
  readonly hasPoison: boolean;
}

/** A job that was started, and what must come of it. */
export interface Started {
  readonly shop: Shop;
  readonly id: string;
  readonly rows: number;
  /** The row that kills its worker; 0: none does. */
  readonly poison: number;
}

const MAPPING = {
  ...ADDITIVE_MAPPING,
  stock: { mediaGrade: { constant: 'NM' }, price: { constant: '9.99', currency: { constant: 'EUR' } } },
};
const OVER = ['completed', 'completed_with_errors', 'failed', 'cancelled'];
const LOOK_MS = 200;

/** Stores that import through the api, whatever fails. */
export class DrillImports {
  readonly started: Started[] = [];
  /** Jobs of each store that ended before the end was told. */
  readonly served = new Map<string, number>();
  /** What is not as it must be. */
  readonly wrong: string[] = [];
  private ended = false;

  /** @param patienceMs how long a job may take */
  constructor(
    private readonly product: Product,
    readonly shops: readonly Shop[],
    private readonly patienceMs: number,
  ) {}

  /** Whether no store begins another file. */
  get isOver(): boolean {
    return this.ended;
  }

  end(): void {
    this.ended = true;
  }

  /** Lets all stores import until the end is told, and their last jobs end. */
  async run(dice: Dice): Promise<void> {
    await Promise.all(
      this.shops.flatMap((shop) =>
        Array.from({ length: shop.jobs }, (_, lane) => this.imports(shop, lane, dice.of(`${shop.name} ${lane}`))),
      ),
    );
  }

  /** The job when it has ended. */
  async over({ shop, id }: Started): Promise<JobView> {
    for (const until = Date.now() + this.patienceMs; Date.now() < until; await sleep(LOOK_MS)) {
      const { status, body } = await this.product.client.call<JobView>('GET', `/api/v1/jobs/${id}`, {
        key: shop.store.key,
      });
      if (status === 200 && OVER.includes(body.state)) return body;
    }
    throw new Error(`job ${id} of ${shop.name} does not end`);
  }

  /** Tries records again that failed although nothing is wrong with them. @returns how many */
  async cure(): Promise<number> {
    let cured = 0;
    for (const started of this.started) {
      const { shop, id, poison } = started;
      const failed = await this.product.logs(shop.store, await this.over(started), 'filter[outcome]=failed');
      const rows = failed.map(({ row }) => row).filter((row) => row !== poison);
      if (rows.length === 0) continue;
      cured += rows.length;
      const odd = failed.filter(({ reason }) => !['poison_batch', 'transient'].includes(reason?.class ?? ''));
      this.wrong.push(...odd.map(({ row, reason }) => `row ${row} of ${id} failed: ${JSON.stringify(reason)}`));
      await this.insist(`/api/v1/jobs/${id}/retry`, 202, { key: shop.store.key, body: { rows } });
      await this.over(started);
    }
    return cured;
  }

  /** Imports one file after the other until the end is told. */
  private async imports(shop: Shop, lane: number, dice: Dice): Promise<void> {
    for (let no = 1; !this.isOver; no++) {
      const rows = dice.between(Math.ceil(shop.rows / 3), shop.rows);
      const poison = shop.hasPoison && dice.next() < 0.3 ? dice.between(1, rows) : 0;
      const id = await this.submit(shop, `${shop.name}-${lane}-${no}-`, rows, poison);
      const started = { shop, id, rows, poison };
      this.started.push(started);
      await this.over(started);
      if (!this.isOver) this.served.set(shop.name, (this.served.get(shop.name) ?? 0) + 1);
    }
  }

  /** Sends a file and starts a job on it, and repeats both until they are taken. @returns the job's id */
  private async submit({ store: { key } }: Shop, prefix: string, count: number, poison: number): Promise<string> {
    const rows = goodRows(count, prefix).map(
      ([id, title, quantity], at) => [id, at + 1 === poison ? 'kills its worker' : title, quantity] as const,
    );
    const headers = { 'idempotency-key': prefix };
    const upload = await this.insist<{ id: string }>('/api/v1/uploads', 201, {
      key,
      raw: csvOf(rows),
      headers: { ...headers, 'content-type': 'text/csv' },
    });
    const body = {
      kind: 'import',
      source: { uploadId: upload.id },
      mapping: MAPPING,
      batchSize: 25,
      errorBudget: { action: 'continue' },
    };
    return (await this.insist<JobView>('/api/v1/jobs', 202, { key, body, headers })).id;
  }

  private async insist<T extends object>(
    path: string,
    taken: number,
    call: Parameters<Product['client']['call']>[2],
  ): Promise<T> {
    for (;;) {
      const answer: Answer<T> = await this.product.client.call<T>('POST', path, call);
      if (answer.status === taken) return answer.body;
      if (answer.status !== 503 && answer.status !== 409) throw new Error(`${path} answers ${answer.text}`);
      await sleep(LOOK_MS);
    }
  }
}
