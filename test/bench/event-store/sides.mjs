import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { EventStore } from '../../../dist/libs/platform/eventing/src/index.js';
import { Appends } from '../../../dist/libs/platform/eventing/src/store/appends.js';
import { encode } from '../../../dist/libs/platform/eventing/src/store/encode.js';
import { InlineProjections } from '../../../dist/libs/platform/eventing/src/store/inline-projections.js';
import { PostgresLog } from '../../../dist/libs/platform/eventing/src/store/postgres-log.js';
import { Databases, UnitOfWork } from '../../../dist/libs/platform/persistence/src/index.js';
import { data, documented, event, meta, newStream, registry, stock, streamsOf, tenantId, TYPE } from './workload.mjs';

const TIMEOUT_MS = 60_000;
const times = (count, make) => Array.from({ length: count }, make);
const RAW = `insert into bench.events (tenant_id, stream_id, version, event_id, type, schema_version, data, meta)
  select $1, $2, $3 + ord, id, type, schema, data, meta
    from unnest($4::uuid[], $5::text[], $6::smallint[], $7::jsonb[], $8::jsonb[]) with ordinality as n (id, type, schema, data, meta, ord)
  returning position`;
const ROWS = 'select type, data from es.events where tenant_id = $1 and stream_id = $2 order by version';

function rawValues(target, count) {
  const from = target.version;
  target.version += count;
  return [
    tenantId,
    target.stream.id,
    from,
    times(count, () => randomUUID()),
    times(count, () => TYPE),
    times(count, () => 1),
    times(count, () => JSON.stringify(data)),
    times(count, () => JSON.stringify(meta)),
  ];
}

/**
 * A prepared insert through the driver's own pool, as the same role under the same policy. The tenant is set once per
 * connection, which a pool that serves many tenants cannot do: nothing that inserts an event costs less.
 */
export class Raw {
  constructor(rtUrl, lanes) {
    this.lanes = lanes;
    this.name = 'bench-raw';
    this.pool = new pg.Pool({
      connectionString: rtUrl,
      max: lanes,
      application_name: this.name,
      options: `-c app.tenant_id=${tenantId}`,
      // As DatabasePool has them: server and driver start and stop timers for every statement.
      statement_timeout: TIMEOUT_MS,
      query_timeout: TIMEOUT_MS,
      connectionTimeoutMillis: TIMEOUT_MS,
      lock_timeout: TIMEOUT_MS,
      idle_in_transaction_session_timeout: TIMEOUT_MS,
      idleTimeoutMillis: 30_000,
      keepAlive: true,
    });
    // Connections that the drop of the database ends before they have said goodbye.
    this.pool.on('error', () => undefined);
  }

  /** Inserts so many events at once. */
  inserting(count, lanes = this.lanes) {
    const next = streamsOf(lanes);
    return (lane) => this.pool.query({ name: 'raw', text: RAW, values: rawValues(next(lane), count) });
  }

  /** Folds a stream of the store from a row for each event. */
  folding({ stream }) {
    return async () => {
      const { rows } = await this.pool.query({ name: 'rows', text: ROWS, values: [tenantId, stream.id] });
      return rows.reduce((state, row) => stock.evolve(state, row), stock.initial);
    };
  }

  close() {
    return this.pool.end();
  }
}

/** The event store as an app uses it. */
export class Ours {
  constructor(rtUrl, lanes) {
    this.lanes = lanes;
    this.name = 'bench-ours';
    this.databases = new Databases({
      main: { url: rtUrl, max: lanes },
      applicationName: this.name,
      statementTimeoutMs: TIMEOUT_MS,
      acquireTimeoutMs: TIMEOUT_MS,
      slowQueryMs: TIMEOUT_MS,
    });
    this.work = new UnitOfWork(this.databases);
    this.appends = new Appends();
    this.log = new PostgresLog(this.databases, this.work, this.appends);
    this.registry = registry();
    this.store = new EventStore(this.log, new InlineProjections(), this.registry);
  }

  appending(count, lanes = this.lanes) {
    const next = streamsOf(lanes);
    const events = times(count, () => event);
    return async (lane) => {
      const target = next(lane);
      await this.store.append(target.stream, events, { expected: target.version });
      target.version += count;
    };
  }

  /** The append that ends a change: with the state and a command for the outbox. */
  appendingAll() {
    const next = streamsOf(this.lanes);
    return async (lane) => {
      const target = next(lane);
      const { stream, version: expected } = target;
      const commands = [{ command: 'bench.list-item', payload: { id: stream.id } }];
      const batch = encode(this.registry, [event], randomUUID(), { commands });
      const state = JSON.stringify(stock.evolve(stock.initial, event));
      const call = { ...batch, stream, expected, command: null, state, stateSchema: 1 };
      await this.log.session(tenantId, false, (session) => session.append(call));
      target.version += 1;
    };
  }

  changing(options) {
    const next = streamsOf(this.lanes);
    return (lane) => this.store.change(next(lane).stream, documented, () => [event], options);
  }

  /** The raw insert as an app has to do it: in a transaction that sets its tenant. */
  insertingInUnits() {
    const next = streamsOf(this.lanes);
    return (lane) => this.work.run({ tenantId }, (unit) => unit.prepared('raw', RAW, rawValues(next(lane), 1)));
  }

  /** A new stream for each of so many events, in one call. */
  beginning(count) {
    return () =>
      this.store.appendBulk(
        times(count, () => ({ stream: newStream().stream, events: [event] })),
        { expected: 'none' },
      );
  }

  loading({ stream }, decider) {
    return () => this.store.load(stream, decider);
  }

  close() {
    return this.databases.close();
  }
}
