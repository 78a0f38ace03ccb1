// A worker that follows the ledger's events in a process of its own, for tests that kill it. Every statement that it sends is a
// step: it says the name of each the first time, and dies at the one that it is told, as by `kill -9`. Argument: JSON with the
// database's URL and, where it is to die, the step and whether before it is sent, when it is sent, or after it was answered.
import { flushCompileCache } from 'node:module';
import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { Command, CommandHandler } from '@nestjs/cqrs';
import { Inject, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import pg from 'pg';
import { z } from 'zod';
import {
  defineEvents,
  EventingModule,
  EventingWorkerModule,
  FromOutbox,
  InlineProjections,
  ProcessManager,
  Projection,
  Reactor,
} from '#platform/eventing';
import { PersistenceModule, UnitOfWork } from '#platform/persistence';

const { url, step, side } = JSON.parse(process.argv[2] ?? '{}');
const GRACE_MS = 150;

const said = new Set();
/** Per connection: what the open transaction began with. */
const transactions = new WeakMap();

/** A statement in words: its name or its text without values, and whose build or row it takes. */
function wordsOf(query, values) {
  const { name, text } = typeof query === 'string' ? { text: query } : query;
  if (name) {
    const [first] = query.values ?? values ?? [];
    return /^[a-z]+\.[a-z-]+$/.test(String(first)) ? `${name} ${first}` : name;
  }
  const plain = text
    .replace(/'[^']*'/g, '?')
    .replace(/\d+/g, '#')
    .replace(/\s+/g, ' ')
    .trim();
  return plain.length <= 60
    ? plain
    : `${plain.slice(0, 60)} ${createHash('sha1').update(plain).digest('hex').slice(0, 6)}`;
}

/** The step that a statement is: the transaction it belongs to and what it does there. */
function stepOf(client, query, values) {
  const words = wordsOf(query, values);
  if (words.startsWith('begin;')) {
    transactions.set(client, undefined);
    return 'begin';
  }
  if (transactions.has(client) && transactions.get(client) === undefined) transactions.set(client, words);
  const head = transactions.get(client);
  if (words === 'commit' || words === 'rollback') transactions.delete(client);
  return head === undefined || head === words ? words : `${head} > ${words}`;
}

const die = () => process.kill(process.pid, 'SIGKILL');
const send = pg.Client.prototype.query;
pg.Client.prototype.query = function query(statement, values, callback) {
  const here = stepOf(this, statement, values);
  if (!said.has(here)) process.stdout.write(`${here}\n`);
  said.add(here);
  if (here === step && side === 'before') die();
  const sent = send.call(this, statement, values, callback);
  if (here !== step) return sent;
  if (side === 'sent') setImmediate(die);
  else if (typeof sent?.then === 'function') return sent.then(die);
  else die();
  return sent;
};

defineEvents(
  Object.fromEntries(
    ['ledger.posted', 'overdraft.began', 'overdraft.charged'].map((type) => [
      type,
      { version: 1, schema: z.looseObject({}) },
    ]),
  ),
);

/** Entries with an instant at which they can be digested stand for code that is mended meanwhile. */
class Balances {
  async apply(events, unit, table) {
    if (events.some(({ data }) => data.mendedAt > Date.now())) throw new Error('not mended yet');
    for (const { streamId, data } of events) {
      await unit.run(
        `insert into ${table('ledger.balance')} as t values ($1, $2, $3, 1) on conflict (tenant_id, account)
         do update set balance = t.balance + excluded.balance, entries = t.entries + 1`,
        [unit.tenantId, streamId, data.amount],
      );
    }
  }
}
Injectable()(Balances);
Projection({ name: 'ledger.balances', version: 1, events: ['ledger.posted'], views: ['ledger.balance'], pageSize: 50 })(
  Balances,
);

/** What the writers keep with the entries; here it is only rebuilt. */
class Levels {
  categories = ['ledger.account'];
  readModel = { name: 'ledger.levels', version: 1, events: ['ledger.posted'], views: ['ledger.level'] };

  constructor(inline) {
    inline.add(this);
  }

  async apply(events, unit, table) {
    for (const { streamId, data } of events) {
      await unit.run(
        `insert into ${table('ledger.level')} as t values ($1, $2, $3, 1) on conflict (tenant_id, account)
         do update set balance = t.balance + excluded.balance, entries = t.entries + 1`,
        [unit.tenantId, streamId, data.amount],
      );
    }
  }
}
Injectable()(Levels);
Inject(InlineProjections)(Levels, undefined, 0);

class LargeEntries {
  react({ data }) {
    return data.amount >= 1_000 ? [{ command: 'ledger.note', payload: { what: `large ${data.amount}` } }] : [];
  }
}
Injectable()(LargeEntries);
Reactor({ name: 'ledger.large-entries', events: ['ledger.posted'], startAt: 'beginning' })(LargeEntries);

class OverdraftWatch {
  initial = 'fine';

  correlate({ streamId }) {
    return streamId;
  }

  evolve(_state, { type }) {
    return type === 'overdraft.began' ? 'overdrawn' : 'charged';
  }

  react(state, { streamId, data, recordedAt }) {
    if (state !== 'fine' || data.amount >= 0) return {};
    return {
      facts: [{ type: 'overdraft.began', data: { account: streamId } }],
      timers: [{ timer: 'grace', at: new Date(recordedAt.getTime() + GRACE_MS) }],
      commands: [{ command: 'ledger.note', payload: { what: `warned ${streamId}` } }],
    };
  }

  timeUp(_state, timer) {
    return {
      facts: [{ type: 'overdraft.charged', data: {} }],
      commands: [{ command: 'ledger.note', payload: { what: `${timer} is over` } }],
    };
  }
}
Injectable()(OverdraftWatch);
ProcessManager({ name: 'ledger.overdraft-watch', events: ['ledger.posted'], startAt: 'beginning' })(OverdraftWatch);

class Note extends Command {
  constructor(actor, what) {
    super();
    this.actor = actor;
    this.what = what;
  }
}

/** The first time in this process that it is to note a warning, it fails after having done so. */
class NoteHandler {
  hasFailed = false;

  constructor(work) {
    this.work = work;
  }

  async execute({ actor, what }) {
    await this.work.current().run('insert into ledger.effect values ($1, $2)', [actor.tenantId, what]);
    if (!what.startsWith('warned') || this.hasFailed) return;
    this.hasFailed = true;
    throw new Error('it did not work');
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
      outbox: { backoffSeconds: 0.01 },
    }),
  ],
  providers: [Balances, Levels, LargeEntries, OverdraftWatch, NoteHandler],
})(WorkerModule);

const app = await NestFactory.createApplicationContext(WorkerModule, { logger: false, abortOnError: false });
process.once('SIGTERM', () => void app.close().then(() => process.exit(0)));
flushCompileCache();
