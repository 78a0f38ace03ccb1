import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { Databases, UnitOfWork } from '#platform/persistence';
import { PLATFORM_TENANT_ID } from '#platform/kernel';
import { FeedSampler } from '../../libs/platform/eventing/src/feed/feed-sampler.js';
import { Fence, type FenceSample } from '../../libs/platform/eventing/src/feed/fence.js';
import { readFeed } from '../../libs/platform/eventing/src/feed/feed.js';
import type { TestDatabase } from './database.js';

/** An event, as far as its order goes. */
export interface Seen {
  readonly position: number;
  readonly streamId: string;
  readonly version: number;
}

/** Reads a feed: every call answers what is new to it. */
export interface FeedReader {
  /** @param limit most events of the answer */
  poll(limit?: number): Promise<Seen[]>;
  close(): Promise<void>;
}

/** A unit of work of the worker's role, without Nest. */
export function workerUnits(database: TestDatabase, max = 4): { work: UnitOfWork; databases: Databases } {
  const databases = new Databases({
    main: { url: database.workerUrl, max },
    applicationName: 'feed-reader',
    statementTimeoutMs: 30_000,
    acquireTimeoutMs: 30_000,
    slowQueryMs: 60_000,
  });
  return { work: new UnitOfWork(databases), databases };
}

/** The feed as the product reads it. */
export function productReader(database: TestDatabase): FeedReader {
  const { work, databases } = workerUnits(database, 1);
  const sampler = new FeedSampler({ directUrl: database.workerUrl, applicationName: 'feed-reader' });
  let after = 0;
  return {
    poll: async (limit = 1_000) => {
      const upTo = await sampler.sample();
      if (upTo === after) return [];
      const page = await work.run({ tenantId: PLATFORM_TENANT_ID, readOnly: true }, (unit) =>
        readFeed(unit, { after, upTo, limit }),
      );
      after = page.length < limit ? upTo : (page.at(-1)?.position ?? upTo);
      return page;
    },
    close: async () => {
      await sampler.stop();
      await databases.close();
    },
  };
}

const PAGE = `select position::int8::text as position, stream_id as "streamId", version from es.events`;

/** A connection of the worker's role for readers that are wrong on purpose. */
async function connected(database: TestDatabase): Promise<{ client: Client; page: (sql: string) => Promise<Seen[]> }> {
  const client = new Client({ connectionString: database.workerUrl });
  client.on('error', () => undefined);
  await client.connect();
  const page = async (sql: string): Promise<Seen[]> => {
    const { rows } = await client.query<{ position: string; streamId: string; version: number }>(`${PAGE} ${sql}`);
    return rows.map((row) => ({ ...row, position: Number(row.position) }));
  };
  return { client, page };
}

/** Mutant: remembers the last position and reads above it. */
export async function positionOnlyReader(database: TestDatabase): Promise<FeedReader> {
  const { client, page } = await connected(database);
  let after = 0;
  return {
    poll: async () => {
      const seen = await page(`where position > ${after} order by position`);
      after = seen.at(-1)?.position ?? after;
      return seen;
    },
    close: () => client.end(),
  };
}

/** Mutant: reads below the oldest running transaction, in order of transaction and position. */
export async function xidOrderReader(database: TestDatabase): Promise<FeedReader> {
  const { client, page } = await connected(database);
  let known = new Set<number>();
  return {
    poll: async () => {
      const below = `xmin::text::bigint < (pg_snapshot_xmin(pg_current_snapshot())::text::bigint & 4294967295)`;
      const all = await page(`where ${below} order by xmin::text::bigint, position`);
      const seen = all.filter(({ position }) => !known.has(position));
      known = new Set(all.map(({ position }) => position));
      return seen;
    },
    close: () => client.end(),
  };
}

/** A reader like the product's, whose samples come from elsewhere. */
async function sampledReader(
  database: TestDatabase,
  sampleOf: (client: Client) => Promise<FenceSample>,
): Promise<FeedReader> {
  const { client, page } = await connected(database);
  const fence = new Fence();
  let after = 0;
  return {
    poll: async () => {
      const upTo = fence.take(await sampleOf(client), 0);
      const seen = await page(`where position > ${after} and position <= ${upTo} order by position`);
      after = Math.max(after, upTo);
      return seen;
    },
    close: () => client.end(),
  };
}

const LAST_DRAWN = 'select case when is_called then last_value else 0 end from es.event_position';
const APPENDERS = `select coalesce(array_agg(distinct virtualtransaction), '{}') from pg_locks
  where relation = 'es.events'::regclass and mode = 'RowExclusiveLock' and granted`;

/** Mutant: the fence of the product without the name of the database. */
export function everyDatabaseReader(database: TestDatabase): Promise<FeedReader> {
  return sampledReader(database, async (client) => {
    const drawn = await client.query<{ value: string }>(`select (${LAST_DRAWN})::text as value`);
    const locks = await client.query<{ ids: string[] }>(`select (${APPENDERS}) as ids`);
    return { lastDrawn: Number(drawn.rows[0]?.value), appenders: locks.rows[0]?.ids ?? [] };
  });
}

/**
 * Mutant: asks for appenders and position in one statement, where their order is nobody's; here the wrong one. Between the two
 * it waits for the advisory lock of the given number.
 */
export function oneStatementReader(database: TestDatabase, pauseLock: number): Promise<FeedReader> {
  return sampledReader(database, async (client) => {
    const { rows } = await client.query<{ ids: string[]; value: string }>(
      `select (${APPENDERS} and database = (select oid from pg_database where datname = current_database())) as ids,
              pg_advisory_lock_shared(${pauseLock}), pg_advisory_unlock_shared(${pauseLock}), (${LAST_DRAWN})::text as value`,
    );
    return { lastDrawn: Number(rows[0]?.value), appenders: rows[0]?.ids ?? [] };
  });
}

/** Mutant: the product's fence, whose kept sample outlives its connection. Polls fail while the server is away. */
export function keepingReader(database: TestDatabase): FeedReader {
  const fence = new Fence();
  let after = 0;
  return {
    poll: async () => {
      const { client, page } = await connected(database);
      try {
        const { rows } = await client.query<{ last_drawn: string; appenders: string[] }>(
          'select * from es.feed_fence()',
        );
        const upTo = fence.take({ lastDrawn: Number(rows[0]?.last_drawn), appenders: rows[0]?.appenders ?? [] }, 0);
        const seen = await page(`where position > ${after} and position <= ${upTo} order by position`);
        after = Math.max(after, upTo);
        return seen;
      } finally {
        await client.end().catch(() => undefined);
      }
    },
    close: () => Promise.resolve(),
  };
}

/** What the mutant with the xmax fence saw when it sampled. */
export interface XmaxReader extends FeedReader {
  /** Takes the next sample and answers which transaction id it holds for the next one. */
  sample(): Promise<bigint>;
}

/** Mutant: takes pg_snapshot_xmax for the next transaction id, and waits until all below it have ended. */
export async function xmaxReader(database: TestDatabase): Promise<XmaxReader> {
  const { client, page } = await connected(database);
  let after = 0;
  let kept = { lastDrawn: 0, next: 0n };
  const ask = async (sql: string): Promise<string> =>
    (await client.query<{ value: string }>(`select (${sql})::text as value`)).rows[0]?.value ?? '0';
  return {
    sample: async () => {
      const lastDrawn = Number(await ask(LAST_DRAWN));
      kept = { lastDrawn, next: BigInt(await ask('select pg_snapshot_xmax(pg_current_snapshot())')) };
      return kept.next;
    },
    poll: async () => {
      while (BigInt(await ask('select pg_snapshot_xmin(pg_current_snapshot())')) < kept.next) await sleep(1);
      const seen = await page(`where position > ${after} and position <= ${kept.lastDrawn} order by position`);
      after = Math.max(after, kept.lastDrawn);
      return seen;
    },
    close: () => client.end(),
  };
}

/** What is wrong with the order in which events were seen, against what there is; empty when nothing is. */
export function orderFaults(seen: readonly Seen[], stored: readonly Seen[]): string[] {
  const faults: string[] = [];
  const versions = new Map<string, number>();
  const positions = new Set<number>();
  let last = 0;
  for (const { position, streamId, version } of seen) {
    if (positions.has(position)) faults.push(`duplicate ${position}`);
    else if (position <= last) faults.push(`position ${position} after ${last}`);
    const before = versions.get(streamId) ?? 0;
    if (version !== before + 1) faults.push(`inversion: version ${version} after ${before} in ${streamId}`);
    versions.set(streamId, version);
    positions.add(position);
    last = position;
  }
  faults.push(...stored.filter(({ position }) => !positions.has(position)).map(({ position }) => `skip ${position}`));
  const real = new Set(stored.map(({ position }) => position));
  faults.push(...[...positions].filter((position) => !real.has(position)).map((position) => `phantom ${position}`));
  return faults;
}

/** All events of a database in order, past row-level security. */
export async function storedEvents(database: TestDatabase): Promise<Seen[]> {
  const rows = await database.admin<{ position: string; streamId: string; version: number }>(
    `${PAGE} order by es.events.position`,
  );
  return rows.map((row) => ({ ...row, position: Number(row.position) }));
}
