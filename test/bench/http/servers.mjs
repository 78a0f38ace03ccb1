import { Controller, Get, Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Query, QueryHandler } from '@nestjs/cqrs';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import fastify from 'fastify';
import pg from 'pg';
import { fileURLToPath } from 'node:url';
import 'reflect-metadata';

/** The script that serves them, each in a process of its own. */
export const HTTP_SCRIPT = fileURLToPath(new URL('main.mjs', import.meta.url));

/** The same statement on both sides: 20 rows of a tenant, newest first. */
const READ =
  'select id, name, price_minor, created_at from bench.thing where tenant_id = $1 order by created_at desc, id limit 20';

/** Applies decorators the way the compiler would. */
function decorate(decorators, target, name) {
  const descriptor = name === undefined ? undefined : Object.getOwnPropertyDescriptor(target, name);
  for (const decorator of decorators.toReversed()) decorator(target, name, descriptor);
}

/** A bare Nest and Fastify application with one empty route. */
export async function bareNest() {
  class Empty {
    empty() {
      return { ok: true };
    }
  }
  decorate([Controller('empty')], Empty);
  decorate([Get()], Empty.prototype, 'empty');
  class Root {}
  decorate([Module({ controllers: [Empty] })], Root);
  const app = await NestFactory.create(Root, new FastifyAdapter(), { logger: false });
  await app.listen(0, '127.0.0.1');
  return `${await app.getUrl()}/empty`;
}

/** Bare Fastify and a bare pool with the read. */
export async function barePool() {
  const pool = new pg.Pool({ connectionString: process.env.BENCH_OWNER_URL, max: 10 });
  const server = fastify();
  server.get('/things', async () => ({ data: (await pool.query(READ, [process.env.BENCH_TENANT])).rows }));
  await server.listen({ port: 0, host: '127.0.0.1' });
  return `http://127.0.0.1:${server.server.address().port}/things`;
}

/** The api as it ships, with an empty route and the read beside its own. */
export async function ours() {
  const { ApiModule } = await import('../../../dist/apps/api/src/api.module.js');
  const { apiConfig } = await import('../../../dist/apps/api/src/config.js');
  const { createServer, CurrentActor, Requires } = await import('../../../dist/libs/platform/http/src/index.js');
  const { Bus, UnitOfWork } = await import('../../../dist/libs/platform/persistence/src/index.js');
  const { createLogger } = await import('../../../dist/libs/platform/telemetry/src/index.js');

  class ListThings extends Query {
    constructor(actor) {
      super();
      this.actor = actor;
    }
  }
  class ListThingsHandler {
    constructor(work) {
      this.work = work;
    }
    async execute({ actor }) {
      return { data: await this.work.current().only('bench-things', READ, [actor.tenantId]) };
    }
  }
  decorate([QueryHandler(ListThings)], ListThingsHandler);
  Inject(UnitOfWork)(ListThingsHandler, undefined, 0);
  class Things {
    constructor(bus) {
      this.bus = bus;
    }
    empty() {
      return { ok: true };
    }
    list(actor) {
      return this.bus.execute(new ListThings(actor));
    }
  }
  Inject(Bus)(Things, undefined, 0);
  decorate([Controller('bench')], Things);
  decorate([Get('empty'), Requires('tenant:read')], Things.prototype, 'empty');
  decorate([Get('things'), Requires('tenant:read')], Things.prototype, 'list');
  CurrentActor()(Things.prototype, 'list', 0);
  class Root {}
  decorate([Module({})], Root);
  const config = apiConfig();
  const root = {
    module: Root,
    imports: [ApiModule.forRoot(config)],
    controllers: [Things],
    providers: [ListThingsHandler],
  };
  const app = await createServer(root, { logger: createLogger({ service: 'api', level: 'info' }), trustedProxies: 0 });
  await app.listen({ port: 0, host: '127.0.0.1' });
  return await app.getUrl();
}
