import { Databases, UnitOfWork } from '#platform/persistence';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { Appends } from '../src/store/appends.js';
import { EventStore } from '../src/store/event-store.js';
import { InlineProjections } from '../src/store/inline-projections.js';
import { PostgresLog } from '../src/store/postgres-log.js';
import type { StoreUnderTest } from './contract-kit.js';
import { counterEvents } from './counter.js';

/** A store in a database of its own, with what it is made of. */
export interface PostgresStore extends StoreUnderTest {
  readonly database: TestDatabase;
  readonly databases: Databases;
  readonly work: UnitOfWork;
  readonly appends: Appends;
  readonly inline: InlineProjections;
}

/** @param connection what differs from the api's own connection */
export async function openPostgresStore(
  connection: { url?: (url: string) => string; max?: number } = {},
): Promise<PostgresStore> {
  const database = await createTestDatabase();
  const databases = new Databases({
    main: { url: connection.url?.(database.rtUrl) ?? database.rtUrl, max: connection.max ?? 8 },
    applicationName: 'test-events',
    statementTimeoutMs: 10_000,
    acquireTimeoutMs: 10_000,
    slowQueryMs: 10_000,
  });
  const work = new UnitOfWork(databases);
  const [appends, inline] = [new Appends(), new InlineProjections()];
  return {
    database,
    databases,
    work,
    appends,
    inline,
    store: new EventStore(new PostgresLog(databases, work, appends), inline, counterEvents()),
    close: async ({ id }) =>
      void (await database.admin(`update es.streams set status = 'R' where stream_id = $1`, [id])),
    outbox: (tenantId) =>
      database.admin('select command, payload, dedupe_key as "dedupeKey" from es.outbox where tenant_id = $1', [
        tenantId,
      ]),
    spoilState: async ({ id }, state) => {
      const spoilt = await database.admin(
        'update es.streams set state = $2 where stream_id = $1 and state is not null returning 1 as done',
        [id, state],
      );
      if (spoilt.length === 0) throw new Error('the stream has no state');
    },
    tick: () => new Promise((resolve) => setTimeout(resolve, 5)),
    dispose: async () => {
      await databases.close();
      await database.drop();
    },
  };
}
