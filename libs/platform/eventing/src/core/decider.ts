/** Something that happened, in its current shape. `data` is a JSON value: no dates, no undefined inside lists. */
export interface DomainEvent {
  /** `context.past-fact`, as it is registered. */
  readonly type: string;
  readonly data: object;
}

/** How the folded state is kept beside the stream, so that a long history need not be read again. */
export interface DocumentOptions {
  /** Raised whenever `evolve` or the shape of the state changes: documents of another schema are not used. */
  readonly schema: number;
  /** Written when the version reaches or passes a multiple of it; 1 keeps it always up to date. Default: 50. */
  readonly every?: number;
}

/**
 * The life of one kind of aggregate as pure functions. A plain object, so that a domain file can write one without importing
 * anything. The state is a JSON value wherever `document` is given.
 */
export interface Decider<S, E extends DomainEvent> {
  /** Kind of its streams, such as `inventory.item`. */
  readonly category: string;
  readonly initial: S;
  evolve(state: S, event: E): S;
  readonly document?: DocumentOptions;
}

/** What a decision may rest on besides the state. */
export interface DecideContext {
  /** The database's clock, read with the stream's row; with `lock` it was read under the lock. */
  readonly now: Date;
  /** How many events the stream has. */
  readonly version: number;
}

/** A command to be carried out later by the worker, written with the events that led to it. */
export interface NewCommand {
  /** The name under which a handler takes it. */
  readonly command: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** Of two waiting commands of a tenant with the same key only the first is kept. Default: new. */
  readonly dedupeKey?: string;
  /** Not before this instant of the database's clock: a timer. */
  readonly notBefore?: Date;
}

/** What a decide function answers: events, or events with commands; none of them where nothing is to change. */
export type Decision<E extends DomainEvent> =
  readonly E[] | { readonly events: readonly E[]; readonly commands: readonly NewCommand[] };

/** The state after these events. */
export function fold<S, E extends DomainEvent>(
  decider: Decider<S, E>,
  events: readonly E[],
  from = decider.initial,
): S {
  return events.reduce((state, event) => decider.evolve(state, event), from);
}

/** Writing the state with every fiftieth version keeps a fold below 1 ms. */
const DOCUMENT_EVERY = 50;

/** Whether an append that brings a stream from one version to another writes its state. */
export function isDocumentDue(document: DocumentOptions | undefined, from: number, to: number): boolean {
  if (!document) return false;
  const every = document.every ?? DOCUMENT_EVERY;
  return Math.floor(to / every) > Math.floor(from / every);
}
