import { Injectable } from '@nestjs/common';
import { type FeedEvent, type IBulkReactor, type NewCommand, Reactor } from '#platform/eventing';
import { TELL_CATALOG } from '../commands/tell-catalog.command.js';

/** Tells the catalogue how many copies of its releases can be sold: one command for all that has changed together. */
@Injectable()
@Reactor({
  name: 'inventory.stock-status',
  startAt: 'beginning',
  events: [
    'inventory.stock-received',
    'inventory.stock-adjusted',
    'inventory.stock-counted',
    'inventory.stock-reserved',
    'inventory.reservation-released',
    'inventory.stock-returned',
    'inventory.item-quarantined',
    'inventory.quarantine-lifted',
    'inventory.item-withdrawn',
    'inventory.item-relisted',
    'inventory.item-written-off',
    'catalog.release-merged.v1',
  ],
})
export class OnStockChanged implements IBulkReactor {
  reactTo(events: readonly FeedEvent[]): readonly NewCommand[] {
    const ofItems = events.filter(({ type }) => type.startsWith('inventory.'));
    const merged = events.flatMap(({ type, data }) =>
      type === 'catalog.release-merged.v1' && 'releaseId' in data ? [String(data.releaseId)] : [],
    );
    const itemIds = [...new Set(ofItems.map(({ streamId }) => streamId))];
    return [{ command: TELL_CATALOG, payload: { itemIds, releaseIds: [...new Set(merged)] } }];
  }
}
