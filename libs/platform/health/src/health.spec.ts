import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type INestApplicationContext, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { createLogger, renderMetrics } from '#platform/telemetry';
import { type AdminServer, startAdminServer } from './admin-server.js';
import { HealthModule } from './health.module.js';
import { HealthService } from './health.service.js';

type Fake = jest.Mock<() => Promise<void>>;

let database: Fake;
let schema: Fake;
let redis: Fake;
let app: INestApplicationContext;
let health: HealthService;
let admin: AdminServer;
let lines: string[];

const fails =
  (text: string): (() => Promise<void>) =>
  () =>
    Promise.reject(new Error(text));

beforeEach(async () => {
  lines = [];
  [database, schema, redis] = [0, 1, 2].map(() => jest.fn(() => Promise.resolve())) as [Fake, Fake, Fake];
  @Module({ imports: [HealthModule.forRoot({ checks: { database, schema, redis } })] })
  class AppModule {}
  const logger = createLogger({ service: 'api', destination: { write: (line) => void lines.push(line) } });
  app = await NestFactory.createApplicationContext(AppModule, { logger });
  lines = [];
  health = app.get(HealthService);
  admin = await startAdminServer({ port: 0, host: '127.0.0.1', health });
});

afterEach(async () => {
  await app.close();
  await admin.close();
  Logger.overrideLogger(false);
  jest.restoreAllMocks();
});

async function probe(path: string, method = 'GET'): Promise<[number, unknown]> {
  const answer = await fetch(`http://127.0.0.1:${admin.port}${path}`, { method });
  const text = await answer.text();
  return [answer.status, text.startsWith('{') ? JSON.parse(text) : text];
}

describe('given all parts work', () => {
  it('then every probe is 200 and says so', async () => {
    expect(await probe('/health/live')).toEqual([200, { status: 'up', checks: { 'event-loop': 'up' } }]);
    expect(await probe('/health/ready')).toEqual([
      200,
      { status: 'up', checks: { database: 'up', schema: 'up', redis: 'up' } },
    ]);
    expect(await probe('/health/startup')).toEqual([200, { status: 'up', checks: { schema: 'up' } }]);
  });

  it('then the metrics tell each part', async () => {
    const [status, body] = await probe('/metrics');
    expect(status).toBe(200);
    expect(body).toContain('app_health_state{check="database"} 1');
    expect(body).toContain('app_health_state{check="accepting"} 1');
  });
});

describe('given Redis is down', () => {
  it('then the app is degraded and stays ready', async () => {
    redis.mockImplementation(fails('ECONNREFUSED redis://:hunter2@cache'));
    const report = { status: 'degraded', checks: { database: 'up', schema: 'up', redis: 'down' } };
    expect(await probe('/health/ready')).toEqual([200, report]);
    expect(await health.summary()).toEqual(report);
    expect((await renderMetrics()).body).toContain('app_health_state{check="redis"} 0');
  });
});

describe('given the database is down', () => {
  beforeEach(() => void database.mockImplementation(fails('password authentication failed for app_rt')));

  it('then it is not ready, but alive, and no detail is told', async () => {
    const report = { status: 'down', checks: { database: 'down', schema: 'up', redis: 'up' } };
    expect(await probe('/health/ready')).toEqual([503, report]);
    expect((await probe('/health/live'))[0]).toBe(200);
  });

  it('then going down and coming back are logged once each, with the reason', async () => {
    await Promise.all(Array.from({ length: 20 }, () => probe('/health/ready')));
    database.mockImplementation(() => Promise.resolve());
    await sleep(1_050);
    await Promise.all(Array.from({ length: 20 }, () => probe('/health/ready')));
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { level: 'warn', msg: 'a part is down', check: 'database', reason: 'password authentication failed for app_rt' },
      { level: 'info', msg: 'a part is up again', check: 'database' },
    ]);
  });
});

describe('given a schema this build cannot work with', () => {
  it('then it is neither started nor ready', async () => {
    schema.mockImplementation(fails('version 7 is not in 9..12'));
    expect(await probe('/health/startup')).toEqual([503, { status: 'down', checks: { schema: 'down' } }]);
    expect((await probe('/health/ready'))[0]).toBe(503);
  });
});

describe('given a flood of probes', () => {
  it('then each check runs once a second, and all are answered', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 20 });
    const paths = ['/health/ready', '/health/live', '/health/startup'];
    const started = performance.now();
    const statuses = await Promise.all(
      Array.from({ length: 3_000 }, (_, i) => {
        return new Promise<number | undefined>((resolve, reject) => {
          get({ port: admin.port, host: '127.0.0.1', path: paths[i % 3], agent }, (answer) => {
            answer.resume().on('end', () => resolve(answer.statusCode));
          }).on('error', reject);
        });
      }),
    );
    agent.destroy();
    expect(statuses.every((status) => status === 200)).toBe(true);
    const seconds = Math.ceil((performance.now() - started) / 1000);
    expect(database.mock.calls.length).toBeLessThanOrEqual(seconds);
    expect(schema.mock.calls.length).toBeLessThanOrEqual(seconds);
  });
});

describe('given a database that hangs', () => {
  it('then readiness is 503 without waiting for it, no second check joins the first, and it recovers by itself', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    database.mockImplementation(() => promise);
    const [[status], [live]] = await Promise.all([probe('/health/ready'), probe('/health/live')]);
    expect([status, live]).toEqual([503, 200]);
    await sleep(1_050);
    expect((await probe('/health/ready'))[0]).toBe(503);
    expect(database).toHaveBeenCalledTimes(1);
    resolve();
    await sleep(1_050);
    expect((await probe('/health/ready'))[0]).toBe(200);
    expect(database).toHaveBeenCalledTimes(2);
  });
});

describe('given an event loop that was blocked', () => {
  it('then liveness is 503 while the lag is 5 s or more, and only then', () => {
    const now = performance.now();
    const clock = jest.spyOn(performance, 'now');
    clock.mockReturnValue(now + 5_000);
    expect(health.live().status).toBe('up');
    clock.mockReturnValue(now + 6_000);
    expect(health.live()).toEqual({ status: 'down', checks: { 'event-loop': 'down' } });
  });
});

describe('given a shutdown has begun', () => {
  it('then it is not ready at once, but alive, and checks nothing for it', async () => {
    health.beginDrain();
    expect(await probe('/health/ready')).toEqual([503, { status: 'down', checks: { accepting: 'down' } }]);
    expect((await probe('/health/live'))[0]).toBe(200);
    expect(database).not.toHaveBeenCalled();
    expect((await probe('/metrics'))[1]).toContain('app_health_state{check="accepting"} 0');
  });

  it('then the admin port still answers when the application is closed', async () => {
    health.beginDrain();
    await app.close();
    await sleep(600);
    expect((await probe('/health/live'))[0]).toBe(200);
    expect((await probe('/health/ready'))[0]).toBe(503);
  });
});

describe('given an application that is still booting', () => {
  it('then startup is 503 until boot is finished', async () => {
    @Module({
      imports: [HealthModule.forRootAsync({ useFactory: () => Promise.resolve({ checks: { database, schema } }) })],
    })
    class Booting {}
    const booting = await NestFactory.create(Booting, new FastifyAdapter(), { logger: false });
    expect(await booting.get(HealthService).startup()).toEqual({ status: 'down', checks: { boot: 'down' } });
    await booting.init();
    expect((await booting.get(HealthService).startup()).status).toBe('up');
    expect(await booting.get(HealthService).summary()).toEqual({
      status: 'up',
      checks: { database: 'up', schema: 'up' },
    });
    await booting.close();
  });
});

describe('given anything else asked of the admin port', () => {
  it.each(['/', '/health', '/health/', '/health/ready/', '/api/v1/health', '/metrics/x', '//metrics', '/.env'])(
    'then %s is 404',
    async (path) => {
      expect(await probe(path)).toEqual([404, 'not found']);
    },
  );

  it('then other methods are 405, HEAD is answered, a query is ignored', async () => {
    expect(await probe('/health/live', 'POST')).toEqual([405, 'method not allowed']);
    expect(await probe('/health/live', 'HEAD')).toEqual([200, '']);
    expect((await probe('/health/live?verbose=1'))[0]).toBe(200);
  });

  it('then a taken port is refused in one error', async () => {
    await expect(startAdminServer({ port: admin.port, host: '127.0.0.1', health })).rejects.toThrow('EADDRINUSE');
  });
});
