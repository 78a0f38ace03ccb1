import type { Decider, DomainEvent } from '../core/decider.js';
import type { EventRegistry } from '../core/event-registry.js';
import type { Loaded, StoredEvent } from './event-log.js';

/** A stream as it stands. */
export interface Rehydrated<S> {
  readonly state: S;
  /** How many events it has. */
  readonly version: number;
}

/** A stored event as the registry reads it now. The caller says what kinds its stream holds. */
export function currentEvent<E extends DomainEvent>(registry: EventRegistry, stored: StoredEvent): E {
  return registry.read(stored.type, stored.schemaVersion, stored.data) as E;
}

/** The state after stored events. */
export function foldStored<S, E extends DomainEvent>(
  registry: EventRegistry,
  decider: Decider<S, E>,
  events: readonly StoredEvent[],
  from = decider.initial,
): S {
  return events.reduce((state, stored) => decider.evolve(state, currentEvent<E>(registry, stored)), from);
}

/** The state of what was loaded: its document and the events since, or all events. */
export function rehydrate<S, E extends DomainEvent>(
  registry: EventRegistry,
  decider: Decider<S, E>,
  { version, state, events }: Loaded,
): Rehydrated<S> {
  if (state === undefined && events.length !== version) {
    throw new Error(`a stream of version ${version} has ${events.length} events`);
  }
  return {
    version,
    state: foldStored(registry, decider, events, state === undefined ? decider.initial : (state as S)),
  };
}
