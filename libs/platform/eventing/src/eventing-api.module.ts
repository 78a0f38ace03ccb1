import { Global, Module } from '@nestjs/common';
import { ReadModelWaits } from './consistency/read-model-waits.js';

/** What the api needs of what follows events: reads that wait for what was written. Global: the edge asks it. */
@Global()
@Module({ providers: [ReadModelWaits], exports: [ReadModelWaits] })
export class EventingApiModule {}
