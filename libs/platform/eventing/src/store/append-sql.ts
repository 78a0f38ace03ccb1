import { plainArray } from '#platform/persistence';
import type { AppendCall, Appended, BulkCall, EventBatch, StreamsCall } from './event-log.js';

/** An append, prepared once per connection under its name. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
  /** What its column `done` says: undefined when the stream has another version. */
  readonly read: (done: unknown) => Appended | undefined;
}

/** Values by the name of their parameter. */
type Given = Readonly<Record<string, unknown>>;

/**
 * The append of one stream; a stream with another version answers no version. What a call leaves out is not sent: a parameter
 * costs each call more than one more prepared statement. One event for a stream of exactly that version, as most appends are,
 * has a function of its own.
 */
export function appendStatement(call: AppendCall): Statement {
  const { stream, ids, types, schemas, data, expected, command, state, outbox } = call;
  const isOne = ids.length === 1 && command === null && expected !== null && expected > 0;
  const events = isOne
    ? { p_id: ids[0], p_type: types[0], p_schema: schemas[0], p_data: data.slice(1, -1) }
    : { p_category: stream.category, ...eventArrays(call) };
  const given: Record<string, unknown> = { p_tenant: stream.tenantId, p_stream: stream.id, p_expected: expected };
  Object.assign(given, events, { p_meta: call.meta });
  if (command !== null) given['p_command'] = command;
  if (state !== null) Object.assign(given, { p_state: state, p_state_schema: call.stateSchema });
  if (outbox !== null) given['p_outbox'] = outbox;
  const parts = [isOne && 'one', command && 'command', state && 'state', outbox && 'outbox'];
  const name = ['es.append', ...parts.filter(Boolean)].join('.');
  if (!isOne) return statement('append', name, given, ', p_soft => true)::text');
  return { ...statement('append_one', name, given, ')'), read: (done) => appendedOne(done, expected + 1) };
}

/**
 * What the append of one event answered: its position; below zero that of the event which an identical call wrote before; null where
 * the stream has another version.
 */
export function appendedOne(done: unknown, version: number): Appended | undefined {
  if (done === null) return undefined;
  const position = Number(done);
  if (!Number.isSafeInteger(position) || position === 0) throw new Error(`an append answered ${String(done)}`);
  const at = Math.abs(position);
  return { versions: [version], firstPosition: at, lastPosition: at, duplicate: position < 0 };
}

/** The append of several streams with an expected version each. */
export function appendManyStatement(call: StreamsCall): Statement {
  const { streams } = call;
  const documents = streams.some(({ document }) => document);
  return statement('append_many', 'es.append_many', {
    p_tenant: call.tenantId,
    p_command: call.command,
    p_streams: plainArray(streams.map(({ stream }) => stream.id)),
    p_categories: plainArray(streams.map(({ stream }) => stream.category)),
    p_expected: plainArray(streams.map(({ expected }) => expected)),
    p_counts: plainArray(streams.map(({ count }) => count)),
    p_states: documents ? streams.map(({ document }) => document?.state ?? null) : null,
    p_state_schemas: documents ? streams.map(({ document }) => document?.schema ?? null) : null,
    ...eventsOf(call),
  });
}

/** The append of thousands of streams. */
export function appendBulkStatement(call: BulkCall): Statement {
  return statement('append_bulk', 'es.append_bulk', {
    p_tenant: call.tenantId,
    p_command: call.command,
    p_category: call.category,
    p_expected: call.expected,
    p_streams: plainArray(call.streams.map(({ stream }) => stream.id)),
    p_counts: plainArray(call.streams.map(({ count }) => count)),
    p_states: call.states,
    p_state_schema: call.stateSchema,
    ...eventsOf(call),
  });
}

function eventsOf(call: StreamsCall): Given {
  const { of, nth, meta, outbox } = call;
  return { p_of: plainArray(of), p_nth: plainArray(nth), ...eventArrays(call), p_meta: meta, p_outbox: outbox };
}

function eventArrays({ ids, types, schemas, data }: EventBatch): Given {
  return { p_ids: plainArray(ids), p_types: plainArray(types), p_schemas: plainArray(schemas), p_data: data };
}

/** Texts by name: a statement of a name has one text, which is made once. */
const texts = new Map<string, string>();

/** @param end a composite comes as its text, which is cheaper than a function's table */
function statement(routine: string, name: string, given: Given, end = ')::text'): Statement {
  const args = (): string =>
    Object.keys(given)
      .map((parameter, index) => `${parameter} => $${index + 1}`)
      .join(', ');
  const text = texts.get(name) ?? `select es.${routine}(${args()}${end} as done`;
  texts.set(name, text);
  return { name, text, values: Object.values(given), read: parseAppended };
}

/** What an append answered: `(5,12,12,f)`, or `("{5,6}",12,13,f)`; without versions the stream had another. */
export function parseAppended(done: unknown): Appended | undefined {
  const text = String(done);
  const [, versions = '', first = '', last = '', duplicate] =
    /^\("?\{?([^"}]*)\}?"?,(\d*),(\d*),(t|f)\)$/.exec(text) ?? [];
  if (duplicate === undefined) throw new Error(`an append answered ${text}`);
  if (versions === '') return undefined;
  return {
    versions: versions.split(',').map(Number),
    firstPosition: Number(first),
    lastPosition: Number(last),
    duplicate: duplicate === 't',
  };
}

/** What es.commands keeps of an append. */
export interface CommandResult {
  readonly versions: readonly number[];
  readonly first: number;
  readonly last: number;
}

/** The answer to a command that has been carried out before. */
export function answerAgain(result: CommandResult | null): Appended | undefined {
  if (!result) return undefined;
  return { versions: result.versions, firstPosition: result.first, lastPosition: result.last, duplicate: true };
}
