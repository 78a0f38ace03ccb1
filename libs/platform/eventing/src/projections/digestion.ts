import { isConnectionLost, type Unit } from '#platform/persistence';
import type { FeedEvent } from '../feed/feed.js';
import { errorNote } from './builds.js';
import type { Slot } from '../store/inline-projections.js';
import { type EventDecoder, parkedName, type Subscriber } from './subscriber.js';

/** Feeds events of one tenant to a subscriber, and parks what it cannot digest. */
export class Digestion {
  private readonly name: string;

  constructor(
    private readonly subscriber: Subscriber,
    private readonly slot: Slot,
    private readonly decode: EventDecoder,
  ) {
    this.name = parkedName(subscriber.name, slot);
  }

  /** Streams of a page that are parked, of all tenants: what follows in them waits behind. */
  async parkedStreams(unit: Unit, page: readonly FeedEvent[]): Promise<Set<string>> {
    if (page.length === 0) return new Set();
    const rows = await unit.prepared<{ stream: string }>('es.parked-streams', PARKED_STREAMS, [
      this.name,
      [...new Set(page.map(({ streamId }) => streamId))],
    ]);
    return new Set(rows.map(({ stream }) => stream));
  }

  /**
   * Takes events of one tenant: what belongs to a parked stream waits behind it, the others are applied.
   * @param careful park what cannot be digested instead of throwing
   * @param parked streams that are parked; grows
   */
  async take(unit: Unit, events: readonly FeedEvent[], careful: boolean, parked: Set<string>): Promise<void> {
    const waiting = events.filter((event) => parked.has(streamKey(event)));
    const others = events.filter((event) => !parked.has(streamKey(event)));
    await this.park(unit, waiting);
    if (careful) await this.halve(unit, others, parked);
    else await this.apply(unit, others);
  }

  /** All in one go; what it throws has undone the page. */
  async apply(unit: Unit, events: readonly FeedEvent[]): Promise<void> {
    if (events.length > 0) await this.subscriber.apply(events.map(this.decode), unit, this.slot);
  }

  /** Halves what cannot be digested until it is one event; parks that, and every later one of its stream. */
  private async halve(unit: Unit, events: readonly FeedEvent[], parked: Set<string>): Promise<void> {
    try {
      await unit.savepoint(() => this.apply(unit, events));
    } catch (error) {
      if (isConnectionLost(error)) throw error;
      if (events.length > 1) {
        const middle = Math.ceil(events.length / 2);
        await this.halve(unit, events.slice(0, middle), parked);
        return this.take(unit, events.slice(middle), true, parked);
      }
      events.forEach((event) => parked.add(streamKey(event)));
      await this.park(unit, events, error);
    }
  }

  /** Parks events in their order; with an error where they are the cause. */
  private async park(unit: Unit, events: readonly FeedEvent[], error?: unknown): Promise<void> {
    if (events.length === 0) return;
    await unit.run(PARK, [
      unit.tenantId,
      this.name,
      events.map(({ streamId }) => streamId),
      events.map(({ position }) => position),
      error === undefined ? null : errorNote(error),
      error === undefined ? 0 : 1,
    ]);
  }
}

/** A stream among those of all tenants. */
export function streamKey({ tenantId, streamId }: Pick<FeedEvent, 'tenantId' | 'streamId'>): string {
  return `${tenantId} ${streamId}`;
}

const PARKED_STREAMS = `select distinct tenant_id || ' ' || stream_id as stream from es.parked where name = $1 and stream_id = any($2)`;
const PARK = `insert into es.parked (tenant_id, name, stream_id, position, error, attempts)
  select $1, $2, p.stream_id, p.position, $5, $6 from unnest($3::uuid[], $4::bigint[]) as p (stream_id, position)
  on conflict do nothing`;
