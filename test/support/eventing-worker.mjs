// A worker that follows events in a process of its own, for tests that kill it. Arguments: database URL, where to hold still.
// It says where it is before it holds: `page` inside a projection's transaction, `command` inside that of an outbox row.
import 'reflect-metadata';
import { Command, CommandHandler } from '@nestjs/cqrs';
import { Inject, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventingModule, EventingWorkerModule, FromOutbox, Projection, Reactor } from '#platform/eventing';
import { PersistenceModule, UnitOfWork } from '#platform/persistence';

const [url, holdAt] = process.argv.slice(2);

async function passing(point) {
  process.stdout.write(`${point}\n`);
  if (point === holdAt) await sleep(60_000);
}

class Balances {
  async apply(events, unit, table) {
    for (const { streamId, data } of events) {
      await unit.run(
        `insert into ${table('ledger.balance')} as t values ($1, $2, $3, 1) on conflict (tenant_id, account)
         do update set balance = t.balance + excluded.balance, entries = t.entries + 1`,
        [unit.tenantId, streamId, data.amount],
      );
    }
    await passing('page');
  }
}
Injectable()(Balances);
Projection({ name: 'ledger.balances', version: 1, events: ['ledger.posted'], views: ['ledger.balance'], pageSize: 50 })(
  Balances,
);

class LargeEntries {
  react({ data }) {
    return data.amount >= 1_000 ? [{ command: 'ledger.note', payload: { what: `large ${data.amount}` } }] : [];
  }
}
Injectable()(LargeEntries);
Reactor({ name: 'ledger.large-entries', events: ['ledger.posted'], startAt: 'end' })(LargeEntries);

class Note extends Command {
  constructor(actor, what) {
    super();
    this.actor = actor;
    this.what = what;
  }
}

class NoteHandler {
  constructor(work) {
    this.work = work;
  }

  async execute({ actor, what }) {
    await this.work.current().run('insert into ledger.effect values ($1, $2)', [actor.tenantId, what]);
    await passing('command');
  }
}
Inject(UnitOfWork)(NoteHandler, undefined, 0);
CommandHandler(Note)(NoteHandler);
FromOutbox({ command: 'ledger.note', message: (actor, { what }) => new Note(actor, what) })(NoteHandler);

class WorkerModule {}
Module({
  imports: [
    PersistenceModule.forRoot({
      main: { url, max: 8 },
      applicationName: 'test-eventing-worker',
      statementTimeoutMs: 5_000,
      acquireTimeoutMs: 2_000,
      slowQueryMs: 10_000,
    }),
    EventingModule.forRoot(),
    EventingWorkerModule.forRoot({
      directUrl: url,
      applicationName: 'test-feed',
      decode: (event) => event,
    }),
  ],
  providers: [Balances, LargeEntries, NoteHandler],
})(WorkerModule);

const app = await NestFactory.createApplicationContext(WorkerModule, { logger: false, abortOnError: false });
process.once('SIGTERM', () => void app.close().then(() => process.exit(0)));
