import { afterAll, describe, expect, it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import { HealthService } from '#platform/health';
import { workerConfig } from '../../apps/worker/src/config.js';
import { WorkerModule } from '../../apps/worker/src/worker.module.js';
import { startTestApi } from '../support/api.js';
import { createTestDatabase } from '../support/database.js';

const database = await createTestDatabase();

afterAll(() => database.drop());

describe('what every context brings is complete', () => {
  it('in the worker: it starts and is ready', async () => {
    const config = workerConfig({
      NODE_ENV: 'test',
      DATABASE_URL_WORKER: database.workerUrl,
      REDIS_URL: process.env['TEST_REDIS_URL'],
      RECRATE_SECRET: 'a secret of this test alone, which is long enough',
    });
    const app = await NestFactory.createApplicationContext(WorkerModule.forRoot(config), {
      logger: false,
      abortOnError: false,
    });
    expect((await app.get(HealthService).ready()).status).toBe('up');
    await app.close();
  });

  it('in the api: it starts and is ready', async () => {
    const api = await startTestApi();
    expect((await api.app.get(HealthService).ready()).status).toBe('up');
    await api.close();
  });
});
