import type { Unit } from '#platform/persistence';

/** Hears of a commit that wrote events. */
export type AppendListener = (tenantId: string, lastPosition: number) => void;

/** What has been appended: tells it after the commit, and knows how far a unit has come, for its Consistency-Token. */
export class Appends {
  private readonly listeners: AppendListener[] = [];
  private readonly positions = new WeakMap<Unit, number>();

  /** Calls `listener` after each commit that wrote events, once per unit, with the last position. It must not throw. */
  listen(listener: AppendListener): void {
    this.listeners.push(listener);
  }

  /** Position of the last event that a unit has written or answered again; undefined when there is none. */
  lastPosition(unit: Unit): number | undefined {
    return this.positions.get(unit);
  }

  /** Notes events: written in the unit, or committed already where there is none. */
  note(unit: Unit | undefined, tenantId: string, position: number): void {
    if (!unit) return this.tell(tenantId, position);
    const before = this.positions.get(unit);
    this.positions.set(unit, Math.max(before ?? 0, position));
    if (before === undefined) unit.afterCommit(() => this.tell(tenantId, this.positions.get(unit) ?? position));
  }

  private tell(tenantId: string, position: number): void {
    for (const listener of this.listeners) listener(tenantId, position);
  }
}
