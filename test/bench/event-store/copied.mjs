import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { data, meta, newStream, tenantId, TYPE } from './workload.mjs';

const COPY = `copy bench.copied (tenant_id, stream_id, version, event_id, type, schema_version, data, meta) from stdin`;

/** One COPY whose rows are ready: node-postgres has the messages, but no query that sends them. */
class CopyIn {
  constructor(text) {
    this.text = text;
    this.done = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
  }

  submit(connection) {
    connection.query(COPY);
  }

  handleCopyInResponse(connection) {
    connection.sendCopyFromChunk(Buffer.from(this.text));
    connection.endCopyFrom();
  }

  handleCommandComplete() {}

  handleError(error) {
    this.reject(error);
  }

  handleReadyForQuery() {
    this.resolve();
  }
}

/** What COPY costs into the same table without policies: PostgreSQL refuses COPY where row-level security is forced. */
export class Copied {
  static async open(connectionString) {
    const client = new pg.Client({ connectionString, application_name: 'bench-copy' });
    await client.connect();
    return new Copied(client);
  }

  constructor(client) {
    this.name = 'bench-copy';
    this.client = client;
  }

  copying(count) {
    return () => {
      const { id } = newStream().stream;
      const row = (_, index) =>
        [tenantId, id, index + 1, randomUUID(), TYPE, 1, JSON.stringify(data), JSON.stringify(meta)].join('\t');
      const copy = new CopyIn(`${Array.from({ length: count }, row).join('\n')}\n`);
      this.client.query(copy);
      return copy.done;
    };
  }

  close() {
    return this.client.end();
  }
}
