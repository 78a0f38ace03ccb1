import type { INestApplicationContext, Provider } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Databases, PersistenceModule, UnitOfWork } from '#platform/persistence';
import { EventingModule } from '../../libs/platform/eventing/src/eventing.module.js';
import { EventingWorkerModule } from '../../libs/platform/eventing/src/eventing-worker.module.js';
import type { OutboxSettings } from '../../libs/platform/eventing/src/outbox/outbox-runner.js';
import type { EventDecoder } from '../../libs/platform/eventing/src/projections/subscriber.js';
import type { TestDatabase } from './database.js';

/** What a test wants of a worker that follows events. */
export interface EventingSetup {
  readonly database: TestDatabase;
  /** Projections, reactors, process managers, command handlers. */
  readonly providers: readonly Provider[];
  readonly outbox?: OutboxSettings;
  readonly decode?: EventDecoder;
}

/** A worker that follows events, inside the test's process. */
export interface TestEventing {
  readonly app: INestApplicationContext;
  readonly work: UnitOfWork;
  stop(): Promise<void>;
}

/** Starts the runner of projections and the outbox. Failed outbox rows are tried again after 20 ms. */
export async function startEventing({ database, providers, outbox, decode }: EventingSetup): Promise<TestEventing> {
  const moduleRef = await Test.createTestingModule({
    imports: [
      PersistenceModule.forRoot({
        main: { url: database.workerUrl, max: 8 },
        applicationName: 'test-eventing',
        statementTimeoutMs: 5_000,
        acquireTimeoutMs: 2_000,
        slowQueryMs: 10_000,
      }),
      EventingModule.forRoot(),
      EventingWorkerModule.forRoot({
        directUrl: database.workerUrl,
        applicationName: 'test-feed',
        outbox: { backoffSeconds: 0.005, ...outbox },
        ...(decode ? { decode } : {}),
      }),
    ],
    providers: [...providers],
  }).compile();
  moduleRef.useLogger(false);
  const app = await moduleRef.init();
  return {
    app,
    work: app.get(UnitOfWork, { strict: false }),
    stop: async () => {
      await app.close();
      await app.get(Databases, { strict: false }).close();
    },
  };
}
