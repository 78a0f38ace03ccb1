import { currentContext, injectTraceContext } from '#platform/telemetry';
import type { DomainEvent, NewCommand } from '../core/decider.js';
import type { EventRegistry } from '../core/event-registry.js';
import { eventIds } from '../core/uuid5.js';
import type { EventBatch, StreamsCall } from './event-log.js';

/** What goes with an append besides its events. */
export interface WriteOptions {
  /**
   * The same for the same intention, such as a UUIDv5 of the idempotency scope and key: an append that was carried out answers
   * as before. Default: new, which still makes the store's own repetitions harmless.
   */
  readonly commandId?: string;
  /** Id of the event that led to this. */
  readonly causationId?: string;
  /** When it happened, where that is not now. */
  readonly effectiveAt?: Date;
  /** Commands for the outbox. */
  readonly commands?: readonly NewCommand[];
}

/** Events as they are written. @throws Error when there are none, or one is not what its schema says */
export function encode(
  registry: EventRegistry,
  events: readonly DomainEvent[],
  commandId: string,
  options: WriteOptions,
): EventBatch {
  if (events.length === 0) throw new Error('an append needs at least one event');
  return {
    ids: eventIds(commandId, events.length),
    types: events.map(({ type }) => type),
    schemas: events.map((event) => registry.check(event)),
    data: JSON.stringify(events.map(({ data }) => data)),
    meta: metaOf(options),
    outbox: outboxOf(options.commands ?? []),
  };
}

/** Events of several streams as they are written. @param claims of each stream, with `events` in the same order */
export function streamsCall(
  registry: EventRegistry,
  claims: StreamsCall['streams'],
  events: readonly (readonly DomainEvent[])[],
  options: WriteOptions & { readonly commandId: string },
): StreamsCall {
  return {
    ...encode(registry, events.flat(), options.commandId, options),
    tenantId: claims[0]?.stream.tenantId ?? '',
    command: options.commandId,
    streams: claims,
    of: events.flatMap((own, index) => own.map(() => index + 1)),
    nth: events.flatMap((own) => own.map((_, index) => index + 1)),
  };
}

/** Where the events come from: JSON leaves out what is not known. */
function metaOf({ causationId, effectiveAt }: WriteOptions): string {
  const context = currentContext();
  return JSON.stringify({
    correlation: context?.requestId,
    causation: causationId,
    actor: context?.actor,
    traceparent: injectTraceContext(),
    effectiveAt,
  });
}

function outboxOf(commands: readonly NewCommand[]): string | null {
  if (commands.length === 0) return null;
  return JSON.stringify(
    commands.map(({ command, payload, dedupeKey, notBefore }) => ({
      command,
      payload,
      dedupe_key: dedupeKey,
      not_before: notBefore,
    })),
  );
}
