import type { Unit } from '#platform/persistence';
import type { NewCommand } from '../core/decider.js';
import type { FeedEvent } from '../feed/feed.js';

/** What one handler answers to one cause, keyed so that the same cause gives the same keys: a key waits only once. */
export function keyed(causeId: string, handler: string, commands: readonly NewCommand[]): NewCommand[] {
  return commands.map((one, index) => ({ ...one, dedupeKey: one.dedupeKey ?? `${causeId}:${handler}:${index}` }));
}

/** What is noted of the cause with everything it leads to. */
export function metaOf(event: FeedEvent): Record<string, unknown> {
  return { ...event.meta, causation: event.eventId };
}

/** Writes commands that no append writes. */
export async function insertOutbox(
  unit: Unit,
  commands: readonly NewCommand[],
  meta: Readonly<Record<string, unknown>>,
): Promise<void> {
  if (commands.length > 0) await unit.run(INSERT, [unit.tenantId, JSON.stringify(commands), JSON.stringify(meta)]);
}

const INSERT = `insert into es.outbox (tenant_id, command, dedupe_key, payload, meta, not_before)
  select $1, o.command, o."dedupeKey", o.payload, $3, coalesce(o."notBefore", clock_timestamp())
    from jsonb_to_recordset($2::jsonb) as o (command text, "dedupeKey" text, payload jsonb, "notBefore" timestamptz)
      on conflict (tenant_id, dedupe_key) do nothing`;
