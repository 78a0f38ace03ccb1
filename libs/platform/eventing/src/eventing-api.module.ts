import { Module } from '@nestjs/common';
import { ReadModelWaits } from './consistency/read-model-waits.js';

/** What the api needs of what follows events: reads that wait for what was written. */
@Module({ providers: [ReadModelWaits], exports: [ReadModelWaits] })
export class EventingApiModule {}
