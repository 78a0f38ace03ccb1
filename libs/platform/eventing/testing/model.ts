import { expect } from '@jest/globals';
import fc from 'fast-check';
import { DomainError, newUuid } from '#platform/kernel';
import type { ExpectedVersion, StreamId } from '../src/core/stream-id.js';
import type { Appended } from '../src/store/event-log.js';
import type { EventStore } from '../src/store/event-store.js';
import type { StoreUnderTest } from './contract-kit.js';
import { counted, counter, documented, newCounter } from './counter.js';

/** The simplest thing that could be an event store. */
interface Model {
  readonly streams: { readonly stream: StreamId; readonly by: number[]; closed: boolean }[];
  /** Appends that can be repeated, with what they answered. */
  readonly done: { readonly again: () => Promise<Appended>; readonly answer: Appended }[];
}

interface Real {
  readonly under: StoreUnderTest;
  readonly store: EventStore;
}

type Step = fc.AsyncCommand<Model, Real>;
type Mode = ExpectedVersion | 'right' | 'wrong';

/** Few streams, so that steps meet. */
const STREAMS = 4;
const whose = fc.nat({ max: STREAMS - 1 });
const amounts = fc.array(fc.nat({ max: 99 }), { minLength: 1, maxLength: 4 });
const mode = fc.constantFrom<Mode>('none', 'any', 'exists', 'right', 'right', 'wrong');

function step(text: string, run: (model: Model, real: Real) => Promise<void>): Step {
  return { check: () => true, run: (model, real) => run(model, real), toString: () => text };
}

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    (value) => value,
    (error: unknown) => (error instanceof DomainError ? error.code : Promise.reject(error)),
  );

/** A mode as the store takes it: the version the stream has, or the one after. */
function expectedOf(model: Model, index: number, wanted: Mode): ExpectedVersion {
  const version = model.streams[index]?.by.length ?? 0;
  if (wanted === 'right') return version;
  return wanted === 'wrong' ? version + 1 : wanted;
}

/** The refusal of one stream, or undefined. */
function refusal(model: Model, index: number, expected: ExpectedVersion): string | undefined {
  const { by, closed } = model.streams[index] ?? { by: [], closed: false };
  if (by.length === 0) return expected === 'exists' || Number(expected) > 0 ? 'eventing.stream_missing' : undefined;
  if (closed) return 'eventing.stream_closed';
  if (expected === 'any' || expected === 'exists') return undefined;
  return (expected === 'none' ? 0 : expected) === by.length ? undefined : 'eventing.version_clash';
}

const streamAt = (model: Model, index: number): StreamId => model.streams[index]?.stream ?? newCounter(newUuid());

const append = (index: number, wanted: Mode, by: readonly number[]): Step =>
  step(`append(${index}, ${wanted}, [${by.join()}])`, async (model, { store }) => {
    const expected = expectedOf(model, index, wanted);
    const options = { expected, commandId: newUuid() };
    const send = (): Promise<Appended> => store.append(streamAt(model, index), by.map(counted), options);
    const refused = refusal(model, index, expected);
    if (refused) return void expect(await codeOf(send())).toBe(refused);
    const answer = await send();
    model.streams[index]?.by.push(...by);
    expect(answer).toMatchObject({ versions: [model.streams[index]?.by.length], duplicate: false });
    model.done.push({ again: send, answer });
  });

const appendSeveral = (
  lane: 'many' | 'bulk any' | 'bulk none',
  parts: readonly [number, Mode, readonly number[]][],
): Step =>
  step(`${lane}(${JSON.stringify(parts)})`, async (model, { store }) => {
    const appends = parts.map(([index, wanted, by]) => {
      const expected = lane === 'many' ? expectedOf(model, index, wanted) : lane === 'bulk any' ? 'any' : 'none';
      return { index, by, expected, stream: streamAt(model, index), events: by.map(counted) } as const;
    });
    const options = { commandId: newUuid() };
    const bulk = { ...options, expected: lane === 'bulk any' ? 'any' : 'none', decider: documented(1) } as const;
    const send = (): Promise<Appended> =>
      lane === 'many' ? store.appendMany(appends, options) : store.appendBulk(appends, bulk);
    const inOrder = appends.toSorted((a, b) => (a.stream.id < b.stream.id ? -1 : 1));
    const refused = inOrder
      .map(({ index, expected }) => refusal(model, index, expected))
      .find((one) => one !== undefined);
    if (refused) return void expect(await codeOf(send())).toBe(refused);
    const answer = await send();
    for (const { index, by } of appends) model.streams[index]?.by.push(...by);
    expect(answer.versions).toEqual(appends.map(({ index }) => model.streams[index]?.by.length));
    model.done.push({ again: send, answer });
  });

const change = (index: number, every: number, lock: boolean): Step =>
  step(`change(${index}, every ${every}${lock ? ', locked' : ''})`, async (model, { store }) => {
    const stream = streamAt(model, index);
    const work = store.change(stream, documented(every), ({ total }) => [counted(total % 7), counted(1)], { lock });
    const target = model.streams[index];
    if (target?.closed) return void expect(await codeOf(work)).toBe('eventing.stream_closed');
    const total = (target?.by ?? []).reduce((sum, by) => sum + by, 0);
    target?.by.push(total % 7, 1);
    expect(await work).toMatchObject({ version: target?.by.length, duplicate: false });
  });

const repeat = (which: number): Step =>
  step(`repeat(${which})`, async (model) => {
    const one = model.done[which % Math.max(model.done.length, 1)];
    if (one) expect(await one.again()).toEqual({ ...one.answer, duplicate: true });
  });

const close = (index: number): Step =>
  step(`close(${index})`, async (model, { under }) => {
    const target = model.streams[index];
    if (!target || target.by.length === 0) return;
    await under.close(target.stream);
    target.closed = true;
  });

const read = (index: number, version: number): Step =>
  step(`read(${index}, ${version})`, async (model, { store }) => {
    const { stream, by } = model.streams[index] ?? { stream: streamAt(model, index), by: [] };
    const events = await store.read(stream);
    expect(events.map(({ event }) => event)).toEqual(by.map(counted));
    expect(events.map((event) => event.version)).toEqual(by.map((_, at) => at + 1));
    expect(events.map(({ position }) => position)).toEqual(
      events.map(({ position }) => position).toSorted((a, b) => a - b),
    );
    const total = by.reduce((sum, one) => sum + one, 0);
    for (const decider of [counter, documented(1), documented(2)]) {
      expect(await store.load(stream, decider)).toEqual({ version: by.length, state: { total, events: by.length } });
    }
    const part = by.slice(0, version);
    const state = { total: part.reduce((sum, one) => sum + one, 0), events: part.length };
    expect(await store.readAt(stream, counter, { version })).toEqual({ version: part.length, state });
  });

const several = fc.uniqueArray(fc.tuple(whose, mode, amounts), {
  minLength: 1,
  maxLength: STREAMS,
  selector: ([index]) => index,
});

const STEPS = [
  fc.tuple(whose, mode, amounts).map((args) => append(...args)),
  fc.tuple(fc.constantFrom('many', 'bulk any', 'bulk none'), several).map((args) => appendSeveral(...args)),
  fc.tuple(whose, fc.constantFrom(1, 2, 50), fc.boolean()).map((args) => change(...args)),
  fc.nat().map(repeat),
  fc.tuple(whose, fc.nat({ max: 12 })).map((args) => read(...args)),
  whose.map(close),
];

/** Random histories against the model; each ends with a look at every stream. @throws with the shrunk history that differs */
export async function checkAgainstModel(
  under: StoreUnderTest,
  runs: { readonly numRuns: number; readonly seed?: number },
): Promise<void> {
  // Closing comes last in the list and is rare, so that histories go on.
  const weighted = [...STEPS.slice(0, -1), ...STEPS.slice(0, -1), ...STEPS];
  await fc.assert(
    fc.asyncProperty(fc.commands(weighted, { maxCommands: 40, size: 'max' }), async (steps) => {
      const tenantId = newUuid();
      const model: Model = {
        streams: Array.from({ length: STREAMS }, () => ({ stream: newCounter(tenantId), by: [], closed: false })),
        done: [],
      };
      const real = { under, store: under.store };
      await fc.asyncModelRun(() => ({ model, real }), steps);
      for (let index = 0; index < STREAMS; index++) await read(index, 3).run(model, real);
    }),
    runs,
  );
}
