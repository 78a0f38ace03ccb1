import { expect, it } from '@jest/globals';
import { EventRegistry, eventTypes, releaseFaults } from '#platform/eventing';
import { readReleases } from '../../platform/eventing/testing/release-files.js';
import { item } from './domain/item.js';
import type { ItemEvent } from './domain/item-events.js';
import { ITEM_EVENTS } from './item-event-types.js';

it('every event of an item that was ever released still folds', () => {
  const own = new EventRegistry();
  const names = new Set<string>(ITEM_EVENTS);
  const definitions = eventTypes.all().filter(({ type }) => names.has(type));
  for (const { type, ...spec } of definitions) own.define({ [type]: spec });
  const releases = readReleases('docs/events').filter(({ type }) => names.has(type));
  const folds = (event: { readonly type: string }) => item.evolve(item.initial, event as ItemEvent);
  expect(releases.length).toBeGreaterThanOrEqual(ITEM_EVENTS.length);
  expect(releaseFaults(own, releases, folds)).toEqual([]);
});
