import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql';
import pg from 'pg';
import { data, meta, stock, streamsOf, TYPE } from './workload.mjs';

const message = { type: TYPE, data, metadata: meta };
const nameOf = ({ stream }) => `bench_stock:${stream.id}`;
const GRANTS = `grant usage on schema public to app_rt; grant all on all tables in schema public to app_rt;
grant all on all sequences in schema public to app_rt`;

/** The published TypeScript store, in tables of its own without policies, over a pool as ours has it. */
export class Emmett {
  /** Makes its tables as the owner; appends run as the role that ours run as. */
  static async open({ ownerUrl, rtUrl, run }, lanes) {
    const owner = getPostgreSQLEventStore(ownerUrl);
    await owner.schema.migrate();
    await owner.close();
    await run(GRANTS);
    return new Emmett(rtUrl, lanes);
  }

  constructor(rtUrl, lanes) {
    this.lanes = lanes;
    this.name = 'bench-emmett';
    this.pool = new pg.Pool({
      connectionString: rtUrl,
      max: lanes,
      application_name: this.name,
      idleTimeoutMillis: 30_000,
      keepAlive: true,
    });
    this.pool.on('error', () => undefined);
    this.store = getPostgreSQLEventStore(rtUrl, {
      schema: { autoMigration: 'None' },
      connectionOptions: { pooled: true, pool: this.pool },
    });
  }

  /** Appends so many events at once, expecting an exact version. */
  appending(count, lanes = this.lanes) {
    const next = streamsOf(lanes);
    const messages = Array.from({ length: count }, () => message);
    return async (lane) => {
      const target = next(lane);
      const options = target.version === 0 ? {} : { expectedStreamVersion: BigInt(target.version) };
      await this.store.appendToStream(nameOf(target), messages, options);
      target.version += count;
    };
  }

  async begin(target, count) {
    await this.store.appendToStream(
      nameOf(target),
      Array.from({ length: count }, () => message),
    );
  }

  folding(target) {
    const evolve = (state, { type, data: body }) => stock.evolve(state, { type, data: body });
    return () => this.store.aggregateStream(nameOf(target), { evolve, initialState: () => stock.initial });
  }

  async close() {
    await this.store.close().catch(() => undefined);
    if (!this.pool.ended) await this.pool.end();
  }
}
