import { AsyncLocalStorage } from 'node:async_hooks';
import type { Unit } from '#platform/persistence';

/** Hears of a commit that wrote events. */
export type AppendListener = (tenantId: string, lastPosition: number) => void;

/** What has been appended: tells it after the commit, and knows how far a unit has come, for its Consistency-Token. */
export class Appends {
  private readonly listeners: AppendListener[] = [];
  private readonly positions = new WeakMap<Unit, number>();
  private readonly following = new AsyncLocalStorage<{ lastPosition: number | undefined }>();

  /** Calls `listener` after each commit that wrote events, once per unit, with the last position. It must not throw. */
  listen(listener: AppendListener): void {
    this.listeners.push(listener);
  }

  /** Position of the last event that a unit has written or answered again; undefined when there is none. */
  lastPosition(unit: Unit): number | undefined {
    return this.positions.get(unit);
  }

  /**
   * Runs work and tells how far its appends have come, in whatever units they were. A position that was rolled back is harmless:
   * the feed passes it all the same.
   */
  async followed<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly lastPosition: number | undefined }> {
    const found: { lastPosition: number | undefined } = { lastPosition: undefined };
    const value = await this.following.run(found, work);
    return { value, lastPosition: found.lastPosition };
  }

  /** Notes events: written in the unit, or committed already where there is none. */
  note(unit: Unit | undefined, tenantId: string, position: number): void {
    const found = this.following.getStore();
    if (found) found.lastPosition = Math.max(found.lastPosition ?? 0, position);
    if (!unit) return this.tell(tenantId, position);
    const before = this.positions.get(unit);
    this.positions.set(unit, Math.max(before ?? 0, position));
    if (before === undefined) unit.afterCommit(() => this.tell(tenantId, this.positions.get(unit) ?? position));
  }

  private tell(tenantId: string, position: number): void {
    for (const listener of this.listeners) listener(tenantId, position);
  }
}
