import { type DynamicModule, Module } from '@nestjs/common';
import { ReadModelWaits } from './consistency/read-model-waits.js';
import { FeedSampler, type FeedSamplerOptions } from './feed/feed-sampler.js';
import { FeedTail } from './feed/feed-tail.js';

/** What the api needs of what follows events: reads that wait for what was written, and the end of the feed. */
@Module({})
export class EventingApiModule {
  static forRoot(feed: FeedSamplerOptions): DynamicModule {
    return {
      module: EventingApiModule,
      // The edge asks it.
      global: true,
      providers: [ReadModelWaits, { provide: FeedSampler, useFactory: () => new FeedSampler(feed) }, FeedTail],
      exports: [ReadModelWaits, FeedTail],
    };
  }
}
