import type { Databases, Unit, UnitOfWork } from '#platform/persistence';
import type { StreamId } from '../core/stream-id.js';
import type { Appends } from './appends.js';
import type { EventLog, HistoryPoint, LogSession, StoredEvent, StoredRecord } from './event-log.js';
import { AloneSession, UnitSession } from './postgres-sessions.js';
import { type HistoryRow, READ, READ_UNTIL, readAlone, storedEvents } from './read-sql.js';
import { isVersionClash } from './refusals.js';

/** Attempts of a unit that lost a race for a version: after the third the caller is told. */
const MAX_ATTEMPTS = 3;
/** Base of the full-jitter pause between them. */
const PAUSE_MS = 20;

/** Events in PostgreSQL, written by the `es.append*` functions. */
export class PostgresLog implements EventLog {
  private readonly alone: AloneSession;

  constructor(
    databases: Databases,
    private readonly work: UnitOfWork,
    private readonly appends: Appends,
  ) {
    this.alone = new AloneSession(databases, work, appends);
  }

  session<T>(tenantId: string, together: boolean, work: (session: LogSession) => Promise<T>): Promise<T> {
    if (this.work.isOpen) {
      const pool = this.work.current().pool;
      return this.work.run({ tenantId, pool }, (unit) => work(new UnitSession(unit, false, this.appends)));
    }
    if (!together) return work(this.alone);
    return this.racing(tenantId, (unit) => work(new UnitSession(unit, true, this.appends)));
  }

  read({ tenantId, id }: StreamId, after: number, limit: number): Promise<StoredRecord[]> {
    return readAlone<StoredRecord>(this.work, tenantId, {
      name: 'es.read',
      sql: READ,
      values: [tenantId, id, after, limit],
    });
  }

  async readUntil({ tenantId, id }: StreamId, point: HistoryPoint): Promise<StoredEvent[]> {
    const values = [tenantId, id, 'version' in point ? point.version : null, 'time' in point ? point.time : null];
    const [row] = await readAlone<HistoryRow>(this.work, tenantId, { name: 'es.read-until', sql: READ_UNTIL, values });
    return row ? storedEvents(row) : [];
  }

  /** A unit of its own, run again when it lost a race. */
  private async racing<T>(tenantId: string, work: (unit: Unit) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.work.run({ tenantId, repeatable: true }, work);
      } catch (error) {
        if (!isVersionClash(error) || attempt === MAX_ATTEMPTS) throw error;
        await new Promise((resolve) => setTimeout(resolve, Math.random() * PAUSE_MS));
      }
    }
  }
}
