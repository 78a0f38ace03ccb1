import { newUuid } from '#platform/kernel';
import type { DataOf, ItemEvent, ItemEventType } from '../src/domain/item-events.js';

/** An event of an item. */
export function fact<T extends ItemEventType>(type: T, data: DataOf<T>): Extract<ItemEvent, { type: T }> {
  return { type, data } as Extract<ItemEvent, { type: T }>;
}

export const [HERE, THERE] = ['01990000-0000-7000-8000-000000000001', '01990000-0000-7000-8000-000000000002'] as const;

/** How an item arrives: a graded copy with a price, unless something else is said. */
export const received = (data: Partial<DataOf<'inventory.stock-received'>> = {}) =>
  fact('inventory.stock-received', {
    releaseId: newUuid(),
    kind: 'single',
    locationId: HERE,
    quantity: 1,
    requiresGrade: data.kind !== 'pool',
    code: 'REC-1',
    mediaGrade: 'NM',
    price: { amount: 1_999, currency: 'EUR' },
    provenance: { kind: 'manual' },
    status: 'available',
    receivedAt: '2026-01-01T00:00:00.000Z',
    ...data,
  });

/** A pool of so many units. */
export const pool = (quantity: number, data: Partial<DataOf<'inventory.stock-received'>> = {}) =>
  received({ kind: 'pool', quantity, ...data });
