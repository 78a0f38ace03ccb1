import type { InlineEvent } from '#platform/eventing';
import type { ItemEvent } from '../domain/item-events.js';

/** An event of an item on its way into the store. */
export type InlineItemEvent = ItemEvent & Pick<InlineEvent, 'streamId'>;

/** Table of a view in the build that is written. */
export type TableOf = (view: string) => string;
