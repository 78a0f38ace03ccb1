import { randomUUID } from 'node:crypto';
import { Client } from 'pg';

/** What a writer appends to: one stream and how many events. */
export interface Portion {
  readonly streamId: string;
  readonly count: number;
}

/** A connection that appends by the store's SQL functions, in transactions that a test steers. */
export class FeedWriter {
  private constructor(
    readonly client: Client,
    readonly tenantId: string,
    private readonly type: string,
  ) {}

  /** @param url of a role that may append */
  static async connect(url: string, tenantId: string, type = 'machine.ticked'): Promise<FeedWriter> {
    const client = new Client({ connectionString: url, application_name: 'feed-writer' });
    client.on('error', () => undefined);
    await client.connect();
    return new FeedWriter(client, tenantId, type);
  }

  async sql(text: string): Promise<void> {
    await this.client.query(text);
  }

  /** Appends to one stream, whatever its version is, and answers its first position. */
  async append(streamId: string, count = 1, type = this.type): Promise<number> {
    const { rows } = await this.client.query<{ first_position: string }>(APPEND, [
      this.tenantId,
      randomUUID(),
      streamId,
      ...events(count, type),
    ]);
    return Number(rows[0]?.first_position);
  }

  /** Appends to several streams in one call. */
  async appendMany(portions: readonly Portion[]): Promise<void> {
    await this.client.query(APPEND_MANY, [
      this.tenantId,
      randomUUID(),
      portions.map(({ streamId }) => streamId),
      ...counts(portions),
      ...events(total(portions), this.type),
    ]);
  }

  /** Appends to new streams through the bulk lane. */
  async appendBulk(portions: readonly Portion[]): Promise<void> {
    await this.client.query(APPEND_BULK, [
      this.tenantId,
      randomUUID(),
      portions.map(({ streamId }) => streamId),
      ...counts(portions),
      ...events(total(portions), this.type),
    ]);
  }

  async close(): Promise<void> {
    await this.client.end().catch(() => undefined);
  }
}

const total = (portions: readonly Portion[]): number => portions.reduce((sum, { count }) => sum + count, 0);

/** Counts per stream, and for each event of all of them: whose it is and which of its stream's, both from 1. */
function counts(portions: readonly Portion[]): [number[], number[], number[]] {
  const of = portions.flatMap(({ count }, index) => Array.from({ length: count }, () => index + 1));
  const nth = portions.flatMap(({ count }) => Array.from({ length: count }, (_, index) => index + 1));
  return [portions.map(({ count }) => count), of, nth];
}

function events(count: number, type: string): [string[], string[]] {
  return [Array.from({ length: count }, () => randomUUID()), Array.from({ length: count }, () => type)];
}

const EVENTS = (first: number): string => `p_ids => $${first}, p_types => $${first + 1},
  p_schemas => array_fill(1::smallint, array[cardinality($${first}::uuid[])]),
  p_data => to_jsonb(array_fill('{"n":1}'::jsonb, array[cardinality($${first}::uuid[])])), p_meta => '{}'`;

const APPEND = `select * from es.append(p_tenant => $1, p_command => $2, p_stream => $3, p_category => 'machine', p_expected => null,
  ${EVENTS(4)})`;

const APPEND_MANY = `select * from es.append_many(p_tenant => $1, p_command => $2, p_streams => $3,
  p_categories => array_fill('machine'::text, array[cardinality($3::uuid[])]),
  p_expected => array_fill(null::int, array[cardinality($3::uuid[])]), p_counts => $4,
  p_states => array_fill(null::jsonb, array[cardinality($3::uuid[])]),
  p_state_schemas => array_fill(null::int, array[cardinality($3::uuid[])]), p_of => $5, p_nth => $6, ${EVENTS(7)})`;

const APPEND_BULK = `select * from es.append_bulk(p_tenant => $1, p_command => $2, p_category => 'machine', p_expected => 0,
  p_streams => $3, p_counts => $4, p_states => null, p_state_schema => null, p_of => $5, p_nth => $6, ${EVENTS(7)})`;
