import { Injectable, type INestApplicationContext, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  type ITaskHandler,
  JobsModule,
  type JobsOptions,
  JobsRunner,
  TaskHandler,
  type TaskHandlerOptions,
  Tasks,
} from '#platform/jobs';
import { Databases, PersistenceModule, RedisConnection, RedisModule, UnitOfWork } from '#platform/persistence';
import { guard, schema } from '../../libs/platform/persistence/migrations/kit.js';
import type { TestDatabase } from './database.js';

/** What a test wants of a worker. */
export interface WorkerSetup {
  readonly database: TestDatabase;
  readonly redisUrl?: string;
  readonly jobs?: Partial<JobsOptions>;
  /** What each kind does. */
  readonly handlers: Record<string, ITaskHandler['run'] | ITaskHandler>;
  readonly handlerOptions?: TaskHandlerOptions;
}

/** A worker's engine inside the test's process. */
export interface TestWorker {
  readonly app: INestApplicationContext;
  readonly work: UnitOfWork;
  readonly runner: JobsRunner;
  readonly redis: RedisConnection;
  /** Records a task in a unit of its own and answers its id. */
  enqueue(task: Parameters<Tasks['enqueue']>[0]): Promise<string>;
  stop(): Promise<void>;
}

/** Makes a table `probe.effect` in which tasks leave their traces: one row each time an effect stays. */
export async function createEffectTable(database: TestDatabase): Promise<void> {
  for (const sql of [
    ...schema('probe'),
    'create table probe.effect (tenant_id uuid not null, task_id uuid not null, note text)',
    ...guard('probe.effect', { app_worker: 'select, insert' }),
  ]) {
    await database.admin(sql);
  }
}

/** Starts the engine with short times: lease 1 s, poll 100 ms, hand-over again after 400 ms. */
export async function startWorker({
  database,
  redisUrl,
  jobs,
  handlers,
  handlerOptions,
}: WorkerSetup): Promise<TestWorker> {
  const short = { concurrency: 4, leaseMs: 1_000, pollEveryMs: 100, redispatchAfterMs: 400 };
  const moduleRef = await Test.createTestingModule({
    imports: [
      PersistenceModule.forRoot({
        main: { url: database.workerUrl, max: 8 },
        applicationName: 'test-worker',
        statementTimeoutMs: 5_000,
        acquireTimeoutMs: 2_000,
        slowQueryMs: 10_000,
      }),
      RedisModule.forRoot({ url: redisUrl, connectionName: 'test-worker' }),
      JobsModule.forRoot({ ...short, ...jobs }),
    ],
    providers: Object.entries(handlers).map(([kind, run]) => handlerClass(kind, run, handlerOptions)),
  }).compile();
  moduleRef.useLogger(false);
  const app = await moduleRef.init();
  const work = app.get(UnitOfWork, { strict: false });
  const tasks = app.get(Tasks, { strict: false });
  return {
    app,
    work,
    runner: app.get(JobsRunner, { strict: false }),
    redis: app.get(RedisConnection, { strict: false }),
    enqueue: (task) => work.run({ tenantId: task.tenantId }, () => tasks.enqueue(task)),
    stop: async () => {
      await app.close();
      await app.get(Databases, { strict: false }).close();
    },
  };
}

function handlerClass(
  kind: string,
  given: ITaskHandler['run'] | ITaskHandler,
  options: TaskHandlerOptions = {},
): Type<ITaskHandler> {
  const { run, judge, dead }: ITaskHandler = typeof given === 'function' ? { run: given } : given;
  @Injectable()
  @TaskHandler({ kind, ...options })
  class Handler implements ITaskHandler {
    readonly run = run;
    readonly judge = judge ?? (() => Promise.resolve(undefined));
    readonly dead = dead ?? (() => Promise.resolve());
  }
  return Handler;
}
