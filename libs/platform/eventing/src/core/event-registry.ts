import { z } from 'zod';
import type { DomainEvent } from './decider.js';

/** Turns the data of one schema version into that of the next. Pure; what it answers is never written back. */
export type Upcaster = (data: Readonly<Record<string, unknown>>) => object;

/** What is known of a type of event. */
export interface EventSpec<D extends object> {
  /** Of the data's schema, from 1. A changed schema is a new version. */
  readonly version: number;
  /** Strict about what it names, so that the committed JSON schema says all there is. */
  readonly schema: z.ZodType<D>;
  /** For every version below the current one: how it becomes the next. */
  readonly upcast?: Readonly<Record<number, Upcaster>>;
  /** For the catalogue of published facts, where the type ends in its version: what has happened, and data as an example. */
  readonly summary?: string;
  readonly example?: D;
}

/** A registered type. */
export interface EventDefinition extends EventSpec<object> {
  readonly type: string;
}

/** A stored event that this build cannot read: its type is unknown, or it was written by a newer build. */
export class UnreadableEvent extends Error {
  override readonly name = 'UnreadableEvent';
}

/** ADR: names are dotted words with hyphens; published facts end in their version, such as `catalog.release-changed.v1`. */
const TYPE = /^[a-z][a-z0-9]*\.[a-z0-9]+(-[a-z0-9]+)*(\.v\d+)?$/;

/** The types of events a build knows: how they are checked when written and brought up to date when read. */
export class EventRegistry {
  private readonly definitions = new Map<string, EventDefinition>();

  /**
   * Registers every type of a union of events.
   * @throws Error for a name that is taken or malformed, and for a version without its upcasters
   */
  define<E extends DomainEvent>(specs: { [T in E['type']]: EventSpec<Extract<E, { type: T }>['data']> }): void {
    for (const [type, spec] of Object.entries<EventSpec<object>>(specs)) {
      if (!TYPE.test(type)) throw new Error(`${type} is no name for an event: use context.past-fact`);
      if (this.definitions.has(type)) throw new Error(`the event ${type} is defined twice`);
      for (let version = 1; version < spec.version; version++) {
        if (!spec.upcast?.[version]) throw new Error(`the event ${type} lacks the upcaster of version ${version}`);
      }
      this.definitions.set(type, { type, ...spec });
    }
  }

  /** Every registered type. */
  all(): EventDefinition[] {
    return [...this.definitions.values()];
  }

  /** The version under which an event is written now. @throws Error when its data is not what its schema says */
  check(event: DomainEvent): number {
    const definition = this.definitions.get(event.type);
    if (!definition) throw new Error(`the event ${event.type} is not defined`);
    const { success, error } = definition.schema.safeParse(event.data);
    if (!success) throw new Error(`the event ${event.type} does not match its schema: ${z.prettifyError(error)}`);
    return definition.version;
  }

  /** A stored event in its current shape. @throws UnreadableEvent for an unknown type or a version from the future */
  read(type: string, version: number, data: object): DomainEvent {
    const definition = this.definitions.get(type);
    if (!definition) throw new UnreadableEvent(`the event ${type} is not known to this build`);
    if (version === definition.version) return { type, data };
    if (version > definition.version)
      throw new UnreadableEvent(`the event ${type} has version ${version}, newer than this build`);
    let current = data;
    for (let step = version; step < definition.version; step++)
      current = definition.upcast?.[step]?.({ ...current }) ?? current;
    return { type, data: current };
  }
}

/** The types of the running build; contexts register theirs when they are loaded. */
export const eventTypes = new EventRegistry();

/** Registers the types of a context's union of events: `defineEvents<ItemEvent>({ 'inventory.item-received': {...} })`. */
export function defineEvents<E extends DomainEvent>(specs: {
  [T in E['type']]: EventSpec<Extract<E, { type: T }>['data']>;
}): void {
  eventTypes.define<E>(specs);
}
