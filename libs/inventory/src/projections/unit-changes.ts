import type { ItemEvent } from '../domain/item-events.js';

/** What an event changes in the numbers of one location. */
export interface UnitChange {
  readonly locationId: string;
  readonly onHand: number;
  readonly held: number;
  readonly allocated: number;
}

const change = (locationId: string, numbers: Partial<UnitChange>): UnitChange => ({
  locationId,
  onHand: 0,
  held: 0,
  allocated: 0,
  ...numbers,
});

/** The numbers that an event changes: none, one location, two for a transfer, or all that were lost. */
export function unitChanges({ type, data }: ItemEvent): UnitChange[] {
  switch (type) {
    case 'inventory.stock-received':
      return [change(data.locationId, { onHand: data.quantity })];
    case 'inventory.stock-adjusted':
    case 'inventory.stock-counted':
      return [change(data.locationId, { onHand: data.delta })];
    case 'inventory.stock-transferred':
      return [change(data.from, { onHand: -data.quantity }), change(data.to, { onHand: data.quantity })];
    case 'inventory.stock-reserved':
      return [change(data.locationId, { [data.state]: data.quantity })];
    case 'inventory.hold-allocated':
      return [change(data.locationId, { held: -data.quantity, allocated: data.quantity })];
    case 'inventory.reservation-released':
      return [change(data.locationId, { [data.from]: -data.quantity })];
    case 'inventory.reservation-committed':
      return [change(data.locationId, { onHand: -data.quantity, allocated: -data.quantity })];
    case 'inventory.stock-returned':
      return [change(data.locationId, { onHand: data.quantity })];
    case 'inventory.item-written-off':
      return data.losses.map(({ locationId, quantity }) => change(locationId, { onHand: -quantity }));
    default:
      return [];
  }
}
