import { BullModule } from '@nestjs/bull';
import { type DynamicModule, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { BullConnections } from './bull-connections.js';
import { BullTransport, QUEUE } from './bull-transport.js';
import { Dispatcher } from './dispatcher.js';
import { JobsRunner } from './jobs-runner.js';
import { JOBS_SETTINGS, type JobsOptions, settingsOf } from './options.js';
import { PollTransport } from './poll-transport.js';
import { Scheduler } from './scheduler.js';
import { TaskHandlers } from './task-handler.js';
import { TaskRunner } from './task-runner.js';
import { TaskStore } from './task-store.js';
import { IdempotencyCleanup } from './tasks/idempotency-cleanup.js';
import { TaskCleanup } from './tasks/task-cleanup.js';
import { Tasks } from './tasks.js';
import { WakeUps } from './wake-ups.js';

/** For an app that only records work: the api. */
@Module({ providers: [Tasks, WakeUps], exports: [Tasks] })
export class JobsClientModule {}

/** The queue and its transport both need the connections. */
@Module({ providers: [BullConnections], exports: [BullConnections] })
class BullConnectionsModule {}

/** For the worker: records work, hands it out, runs it. Handlers are providers of any module with `@TaskHandler`. */
@Module({})
export class JobsModule {
  static forRoot(options: JobsOptions): DynamicModule {
    const queue = BullModule.registerQueueAsync({
      name: QUEUE,
      imports: [BullConnectionsModule],
      inject: [BullConnections],
      useFactory: (connections: BullConnections) => connections.queueOptions(),
    });
    const settings = { provide: JOBS_SETTINGS, useValue: settingsOf(options) };
    const transports = [PollTransport, BullTransport];
    const engine = [TaskStore, TaskHandlers, TaskRunner, Dispatcher, Scheduler, JobsRunner];
    return {
      module: JobsModule,
      global: true,
      imports: [BullConnectionsModule, queue, DiscoveryModule],
      providers: [settings, Tasks, WakeUps, ...transports, ...engine, IdempotencyCleanup, TaskCleanup],
      exports: [Tasks, Scheduler, JobsRunner],
    };
  }
}
