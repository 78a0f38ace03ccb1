import { BullModule } from '@nestjs/bull';
import { type DynamicModule, Global, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { BullConnections } from './bull-connections.js';
import { BullTransport, QUEUE } from './bull-transport.js';
import { Deaths } from './deaths.js';
import { DispatchStore } from './dispatch-store.js';
import { Dispatcher } from './dispatcher.js';
import { FairOrder } from './fair-order.js';
import { JobsRunner } from './jobs-runner.js';
import { Losses } from './losses.js';
import { JOBS_SETTINGS, type JobsOptions, settingsOf } from './options.js';
import { PollTransport } from './poll-transport.js';
import { Scheduler } from './scheduler.js';
import { TaskHandlers } from './task-handler.js';
import { TaskRunner } from './task-runner.js';
import { TaskStore } from './task-store.js';
import { IdempotencyCleanup } from './tasks/idempotency-cleanup.js';
import { TaskCleanup } from './tasks/task-cleanup.js';
import { Tasks } from './tasks.js';
import { TenantFlows } from './tenant-flows.js';
import { WakeUps } from './wake-ups.js';
import { WorkControl } from './work-control.js';
import { WorkViews } from './work-views.js';
import { WorkerRegistry } from './worker-registry.js';

const CLIENT = [Tasks, WorkControl, WorkViews, TenantFlows];

/** For an app that only records work, looks at it and steers it: the api. */
@Global()
@Module({ providers: [...CLIENT, WakeUps], exports: CLIENT })
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
    const running = [TaskStore, TaskHandlers, TaskRunner, WorkerRegistry, Deaths, Losses];
    const engine = [...running, DispatchStore, FairOrder, Dispatcher, Scheduler, JobsRunner];
    return {
      module: JobsModule,
      global: true,
      imports: [BullConnectionsModule, queue, DiscoveryModule],
      providers: [settings, ...CLIENT, WakeUps, ...transports, ...engine, IdempotencyCleanup, TaskCleanup],
      exports: [...CLIENT, Scheduler, JobsRunner],
    };
  }
}
