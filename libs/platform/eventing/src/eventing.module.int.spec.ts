import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { newUuid } from '#platform/kernel';
import { PersistenceModule } from '#platform/persistence';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { counter, type CounterEvent, counted, newCounter } from '../testing/counter.js';
import { EventingModule } from './eventing.module.js';
import { defineEvents } from './core/event-registry.js';
import { FeedWakeUps } from './feed/wake-ups.js';
import { EventStore } from './store/event-store.js';
import { z } from 'zod';

let database: TestDatabase;
let app: INestApplicationContext;

beforeAll(async () => {
  database = await createTestDatabase();
  const persistence = PersistenceModule.forRoot({
    main: { url: database.rtUrl, max: 2 },
    applicationName: 'test-eventing',
    statementTimeoutMs: 5_000,
    acquireTimeoutMs: 5_000,
    slowQueryMs: 10_000,
  });
  class Root {}
  const root = { module: Root, imports: [persistence, EventingModule.forRoot()] };
  app = await NestFactory.createApplicationContext(root, { logger: false });
});
afterAll(async () => {
  await app.close();
  await database.drop();
});

it('gives an app the store, and wakes the workers after a commit', async () => {
  defineEvents<Extract<CounterEvent, { type: 'test.counted' }>>({
    'test.counted': { version: 1, schema: z.strictObject({ by: z.int() }) },
  });
  let woken = 0;
  Object.assign(app.get(FeedWakeUps), { send: () => void (woken += 1) });
  const [store, stream] = [app.get(EventStore), newCounter(newUuid())];
  await store.append(stream, [counted(2)]);
  expect(woken).toBe(1);
  expect(await store.load(stream, counter)).toEqual({ version: 1, state: { total: 2, events: 1 } });
});
