import type { AppendCall, Appended, BulkCall, StreamsCall } from './event-log.js';

/** A statement that is prepared once per connection under its name. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Literals of arrays whose elements need no quotes: UUIDs, names of types, numbers. Half the driver's cost. */
const plainArray = (elements: readonly (string | number)[]): string => `{${elements.join(',')}}`;

/**
 * The append of one stream; a stream with another version answers no version. What a call leaves out is not sent: a parameter
 * costs each call more than one more prepared statement.
 */
export function appendStatement(call: AppendCall): Statement {
  const { stream, ids, types, schemas } = call;
  const given: [string, unknown][] = [
    ['p_tenant', stream.tenantId],
    ['p_stream', stream.id],
    ['p_category', stream.category],
    ['p_expected', call.expected],
    ['p_ids', plainArray(ids)],
    ['p_types', plainArray(types)],
    ['p_schemas', plainArray(schemas)],
    ['p_data', call.data],
    ['p_meta', call.meta],
  ];
  if (call.command !== null) given.push(['p_command', call.command]);
  if (call.state !== null) given.push(['p_state', call.state], ['p_state_schema', call.stateSchema]);
  if (call.outbox !== null) given.push(['p_outbox', call.outbox]);
  const parts = [call.command && 'command', call.state && 'state', call.outbox && 'outbox'];
  return statement('append', ['es.append', ...parts.filter(Boolean)].join('.'), given, ', p_soft => true');
}

/** The append of several streams with an expected version each. */
export function appendManyStatement(call: StreamsCall): Statement {
  const { streams } = call;
  const documents = streams.some(({ document }) => document);
  return statement('append_many', 'es.append_many', [
    ['p_tenant', call.tenantId],
    ['p_command', call.command],
    ['p_streams', plainArray(streams.map(({ stream }) => stream.id))],
    ['p_categories', plainArray(streams.map(({ stream }) => stream.category))],
    ['p_expected', plainArray(streams.map(({ expected }) => expected ?? 'null'))],
    ['p_counts', plainArray(streams.map(({ count }) => count))],
    ['p_states', documents ? streams.map(({ document }) => document?.state ?? null) : null],
    ['p_state_schemas', documents ? streams.map(({ document }) => document?.schema ?? null) : null],
    ...eventsOf(call),
  ]);
}

/** The append of thousands of streams. */
export function appendBulkStatement(call: BulkCall): Statement {
  return statement('append_bulk', 'es.append_bulk', [
    ['p_tenant', call.tenantId],
    ['p_command', call.command],
    ['p_category', call.category],
    ['p_expected', call.expected],
    ['p_streams', plainArray(call.streams.map(({ stream }) => stream.id))],
    ['p_counts', plainArray(call.streams.map(({ count }) => count))],
    ['p_states', call.states],
    ['p_state_schema', call.stateSchema],
    ...eventsOf(call),
  ]);
}

function eventsOf(call: StreamsCall): [string, unknown][] {
  return [
    ['p_of', plainArray(call.of)],
    ['p_nth', plainArray(call.nth)],
    ['p_ids', plainArray(call.ids)],
    ['p_types', plainArray(call.types)],
    ['p_schemas', plainArray(call.schemas)],
    ['p_data', call.data],
    ['p_meta', call.meta],
    ['p_outbox', call.outbox],
  ];
}

/** Texts by name: a statement of a name has one text, which is made once. */
const texts = new Map<string, string>();

/** The composite comes as its text, which is cheaper than a function's table. */
function statement(routine: string, name: string, given: readonly [string, unknown][], rest = ''): Statement {
  const values = given.map(([, value]) => value);
  const known = texts.get(name);
  if (known !== undefined) return { name, text: known, values };
  const args = given.map(([parameter], index) => `${parameter} => $${index + 1}`).join(', ');
  const text = `select es.${routine}(${args}${rest})::text as done`;
  texts.set(name, text);
  return { name, text, values };
}

/** What an append answered: `(5,12,12,f)`, or `("{5,6}",12,13,f)`; without versions the stream had another. */
export function parseAppended(text: string): Appended | undefined {
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
