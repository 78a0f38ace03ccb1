import type { PoolClient } from 'pg';
import type { Databases, Unit, UnitOfWork } from '#platform/persistence';
import { isConnectionLost, isSerialisationLoser } from '#platform/persistence';
import type { StreamId } from '../core/stream-id.js';
import { eventingErrors } from '../eventing.errors.js';
import type { Appends } from './appends.js';
import { answerAgain, appendBulkStatement, appendManyStatement, appendStatement } from './append-sql.js';
import type { CommandResult, Statement } from './append-sql.js';
import type { AppendCall, Appended, BulkCall, Loaded, LoadQuery, LogSession, StreamsCall } from './event-log.js';
import { FIND, LOAD, LOAD_LOCKED, LOAD_STREAMS, readAlone, storedEvents, type HistoryRow } from './read-sql.js';
import { refusalOf } from './refusals.js';

/** Sendings of one and the same append: a server that restarts is back within a second or two. */
const MAX_SENDINGS = 5;
/** Base of the full-jitter pause between them; it doubles. */
const PAUSE_MS = 50;

type Scalars = readonly (string | number | null)[];

interface LoadRow extends HistoryRow {
  readonly version: number;
  readonly status: string;
  readonly state: unknown;
  readonly now: Date;
  readonly done: CommandResult | null;
}

abstract class PostgresSession implements LogSession {
  abstract readonly unit: Unit | undefined;
  abstract readonly repeats: boolean;

  protected abstract rows<R extends object>(tenantId: string, name: string, sql: string, values: Scalars): Promise<R[]>;
  protected abstract send(tenantId: string, statement: Statement): Promise<Appended | undefined>;

  async load({ tenantId, id }: StreamId, { lock, stateSchema, command }: LoadQuery): Promise<Loaded> {
    const [name, sql] = lock ? ['es.load-locked', LOAD_LOCKED] : ['es.load', LOAD];
    const [row] = await this.rows<LoadRow>(tenantId, name, sql, [tenantId, id, stateSchema, command]);
    if (!row) throw new Error('loading a stream answered no row');
    return loadedOf(row);
  }

  async loadLocked(streams: readonly StreamId[], { stateSchema, command }: Omit<LoadQuery, 'lock'>): Promise<Loaded[]> {
    const ids = `{${streams.map(({ id }) => id).join(',')}}`;
    const tenantId = streams[0]?.tenantId ?? '';
    const rows = await this.rows<LoadRow>(tenantId, 'es.load-streams', LOAD_STREAMS, [
      tenantId,
      ids,
      stateSchema,
      command,
    ]);
    return rows.map(loadedOf);
  }

  async find(tenantId: string, command: string): Promise<Appended | undefined> {
    const [row] = await this.rows<Pick<LoadRow, 'done'>>(tenantId, 'es.find', FIND, [tenantId, command]);
    return answerAgain(row?.done ?? null);
  }

  append(call: AppendCall): Promise<Appended | undefined> {
    return this.send(call.stream.tenantId, appendStatement(call));
  }

  async appendMany(call: StreamsCall): Promise<Appended> {
    return certain(await this.send(call.tenantId, appendManyStatement(call)));
  }

  async appendBulk(call: BulkCall): Promise<Appended> {
    return certain(await this.send(call.tenantId, appendBulkStatement(call)));
  }
}

/** Inside a unit of work: everything on its connection, committed with it. */
export class UnitSession extends PostgresSession {
  constructor(
    override readonly unit: Unit,
    override readonly repeats: boolean,
    private readonly appends: Appends,
  ) {
    super();
  }

  protected override rows<R extends object>(
    _tenantId: string,
    name: string,
    sql: string,
    values: Scalars,
  ): Promise<R[]> {
    return this.unit.prepared<R>(name, sql, values);
  }

  protected override async send(
    tenantId: string,
    { name, text, values, read }: Statement,
  ): Promise<Appended | undefined> {
    try {
      const [row] = await this.unit.prepared<{ done: unknown }>(name, text, values);
      const appended = read(row?.done);
      if (appended) this.appends.note(this.unit, tenantId, appended.lastPosition);
      return appended;
    } catch (error) {
      throw refusalOf(error);
    }
  }
}

/** Without a unit of work: each call is a transaction of its own, an append one message to the server. */
export class AloneSession extends PostgresSession {
  override readonly unit = undefined;
  override readonly repeats = false;

  constructor(
    private readonly databases: Databases,
    private readonly work: UnitOfWork,
    private readonly appends: Appends,
  ) {
    super();
  }

  protected override rows<R extends object>(
    tenantId: string,
    name: string,
    sql: string,
    values: Scalars,
  ): Promise<R[]> {
    return readAlone<R>(this.work, tenantId, { name, sql, values });
  }

  /** After a lost connection the identical call is repeated: it answers what the first did, if that got through. */
  protected override async send(
    tenantId: string,
    { name, text, values, read }: Statement,
  ): Promise<Appended | undefined> {
    let unanswered = false;
    for (let sending = 1; ; sending++) {
      let client: PoolClient | undefined;
      try {
        client = await this.databases.get('main').acquire();
        const startedAt = performance.now();
        const { rows } = await client.query<{ done: unknown }>({ name, text, values: values as unknown[] });
        client.release();
        this.databases.observe(text, startedAt);
        const appended = read(rows[0]?.done);
        if (appended) this.appends.note(undefined, tenantId, appended.lastPosition);
        return appended;
      } catch (error) {
        const lost = client === undefined || isConnectionLost(error);
        client?.release(lost);
        unanswered ||= lost && client !== undefined;
        if (sending === MAX_SENDINGS || !(lost ? unanswered : isSerialisationLoser(error))) {
          throw lost && unanswered ? unknownOutcome() : refusalOf(error);
        }
      }
      await new Promise((resolve) => setTimeout(resolve, Math.random() * PAUSE_MS * 2 ** sending));
    }
  }
}

function loadedOf(row: LoadRow): Loaded {
  const { version, status, state, now, done } = row;
  return {
    version,
    closed: status !== 'A',
    state: state ?? undefined,
    events: storedEvents(row),
    now,
    done: answerAgain(done),
  };
}

/** An append of several streams throws its clashes, so it answers always. */
function certain(appended: Appended | undefined): Appended {
  if (!appended) throw new Error('an append of several streams answered no versions');
  return appended;
}

function unknownOutcome(): Error {
  return eventingErrors.outcome_unknown(
    'The database went away while events were being written. Read the state, or repeat with the same Idempotency-Key.',
    { retryAfterSeconds: 2 },
  );
}
