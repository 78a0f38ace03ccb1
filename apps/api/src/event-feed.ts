import { Injectable } from '@nestjs/common';
import { FeedTail } from '#platform/eventing';
import { CursorCodec } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { Bus } from '#platform/persistence';
import { type EventFeedView, type EventsParameters, ListEvents } from './list-events.query.js';

/** How long a reader is willing to wait for the next event, and how it says that it is gone. */
export interface Patience {
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

/** The change feed of a store: what was published, never past the fence, and a wait at its end. */
@Injectable()
export class EventFeed {
  constructor(
    private readonly bus: Bus,
    private readonly tail: FeedTail,
    private readonly cursors: CursorCodec,
  ) {}

  /**
   * The events after a cursor. Where there are none yet, waits for one without holding a connection.
   * @returns the page, and whether it could wait where it was asked to
   * @throws http.invalid_cursor, eventing.feed_unavailable
   */
  async read(actor: Actor, parameters: EventsParameters, { waitMs, signal }: Patience) {
    const { limit, 'filter[type]': types } = parameters;
    const deadline = performance.now() + waitMs;
    const waits = waitMs > 0 && this.tail.hasRoom;
    let after = await this.place(actor, parameters.after);
    for (;;) {
      const upTo = Math.max(after, await this.tail.position());
      const scan = await this.bus.execute(new ListEvents(actor, { after, upTo, limit, types }));
      after = scan.position;
      const leftMs = deadline - performance.now();
      const isDone = scan.events.length > 0 || scan.hasMore || leftMs <= 0 || signal.aborted || !this.tail.hasRoom;
      if (!waits || isDone) {
        const page = { nextCursor: this.cursorAt(actor, after), hasMore: scan.hasMore };
        const body: EventFeedView = { data: [...scan.events], page };
        return { body, hasWaited: waits };
      }
      await this.tail.news(actor.tenantId, after, { waitMs: leftMs, signal });
    }
  }

  private async place(actor: Actor, after: string | undefined): Promise<number> {
    if (after === undefined) return 0;
    if (after === 'latest') return this.tail.position();
    return Number(this.cursors.decode(scopeOf(actor), after).keys[0]);
  }

  private cursorAt(actor: Actor, position: number): string {
    return this.cursors.encode(scopeOf(actor), { way: 'next', keys: [String(position)] });
  }
}

/** A place is the same whatever types are asked for. */
const scopeOf = ({ tenantId }: Actor) => ({ tenantId, list: 'events', lasting: true });
