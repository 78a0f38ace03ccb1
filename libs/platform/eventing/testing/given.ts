import { expect } from '@jest/globals';
import { DomainError } from '#platform/kernel';
import {
  type DecideContext,
  type Decider,
  type Decision,
  type DomainEvent,
  fold,
  type NewCommand,
} from '../src/core/decider.js';

/** What a decision came to. */
interface Outcome<S, E extends DomainEvent> {
  /** Exactly these events, in order; none means that nothing was to change. */
  then(...events: readonly NoInfer<E>[]): Outcome<S, E>;
  /** Exactly these commands for the outbox. */
  thenSends(...commands: readonly NewCommand[]): Outcome<S, E>;
  /** The state afterwards has these members. */
  thenState(state: Partial<NoInfer<S>>): Outcome<S, E>;
  /** The decision is refused with this code. */
  thenRefused(code: string): void;
}

/** 1 January 2026: the time of a decision that does not say otherwise. */
const NOW = new Date('2026-01-01T00:00:00.000Z');

/**
 * A test of a decider: `given(item, received).when((state) => sell(state)).then({ type: 'inventory.item-sold', data: {} })`.
 * Needs no store, no Nest and no database.
 */
export function given<S, E extends DomainEvent>(decider: Decider<S, E>, ...history: readonly NoInfer<E>[]) {
  return {
    /** @param context `now` where the time matters */
    when(
      decide: (state: S, context: DecideContext) => Decision<NoInfer<E>>,
      context: Partial<DecideContext> = {},
    ): Outcome<S, E> {
      const before = fold<S, E>(decider, history);
      const decided = attempt(() => decide(before, { now: NOW, version: history.length, ...context }));
      const made = (): { events: readonly E[]; commands: readonly NewCommand[] } => {
        if ('refusal' in decided) throw decided.refusal;
        return 'events' in decided.value ? decided.value : { events: decided.value, commands: [] };
      };
      const outcome: Outcome<S, E> = {
        then(...events) {
          expect(made().events).toEqual(events);
          return outcome;
        },
        thenSends(...commands) {
          expect(made().commands).toEqual(commands);
          return outcome;
        },
        thenState(state) {
          expect(fold(decider, made().events, before)).toMatchObject(state as object);
          return outcome;
        },
        thenRefused(code) {
          expect('refusal' in decided ? codeOf(decided.refusal) : 'nothing was refused').toBe(code);
        },
      };
      return outcome;
    },
  };
}

function attempt<T>(work: () => T): { readonly value: T } | { readonly refusal: unknown } {
  try {
    return { value: work() };
  } catch (refusal) {
    return { refusal };
  }
}

const codeOf = (error: unknown): string => (error instanceof DomainError ? error.code : String(error));
