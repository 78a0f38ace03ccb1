import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type Actor, declareErrors } from '#platform/kernel';
import { type Unit, UnitOfWork } from '#platform/persistence';
import type { FeedEvent } from '../../libs/platform/eventing/src/feed/feed.js';
import { FromOutbox } from '../../libs/platform/eventing/src/outbox/from-outbox.js';
import type { DomainEvent, NewCommand } from '../../libs/platform/eventing/src/core/decider.js';
import { defineEvents } from '../../libs/platform/eventing/src/core/event-registry.js';
import { publishFacts } from '../../libs/platform/eventing/src/core/published-facts.js';
import {
  type IProcessManager,
  ProcessManager,
  type Reaction,
} from '../../libs/platform/eventing/src/process/process-manager.js';
import { type IReactor, Reactor } from '../../libs/platform/eventing/src/process/reactor.js';
import { type IProjection, Projection } from '../../libs/platform/eventing/src/projections/projection.js';
import { guard, schema } from '../../libs/platform/persistence/migrations/kit.js';
import { readModel } from '../../libs/platform/persistence/migrations/read-model-kit.js';
import type { TestDatabase } from './database.js';

/** The event of the ledger: an account is a stream, an entry an amount in minor units. */
export const POSTED = 'ledger.posted';
/** How long an account may be overdrawn before it costs a fee, and the fee. */
export const GRACE_MS = 150;
export const FEE = 5;

interface Entry {
  readonly amount: number;
}
interface Move extends Entry {
  readonly account: string;
}
const move = z.object({ amount: z.number(), account: z.string() });

defineEvents<
  | { type: 'ledger.posted'; data: Entry }
  | { type: 'overdraft.moved'; data: Move }
  | { type: 'overdraft.began'; data: Move }
  | { type: 'overdraft.ended'; data: Move }
  | { type: 'overdraft.charged'; data: object }
>({
  'ledger.posted': { version: 1, schema: z.object({ amount: z.number() }) },
  'overdraft.moved': { version: 1, schema: move },
  'overdraft.began': { version: 1, schema: move },
  'overdraft.ended': { version: 1, schema: move },
  'overdraft.charged': { version: 1, schema: z.object({}) },
});

/** What others hear of it: nothing of entries that move nothing. */
export const ENTRY_MADE = 'ledger.entry-made.v1';
publishFacts({
  [ENTRY_MADE]: {
    summary: 'An entry was made in an account.',
    schema: z.strictObject({ amount: z.number() }),
    example: { amount: 5 },
    from: { 'ledger.posted': ({ amount }: Entry) => (amount === 0 ? undefined : { amount }) },
  },
});

/** The amount of an entry, 0 where there is none. */
export const amountOf = (data: object): number => Number(Reflect.get(data, 'amount') ?? 0);

const errors = declareErrors('ledger', { refused: { problem: 'conflict', when: 'The fee is refused, in tests.' } });

/** Makes the read model of the balances, and a table for what commands did: one row each time an effect stays. */
export async function createLedger(database: TestDatabase): Promise<void> {
  for (const sql of [
    ...schema('ledger'),
    ...readModel({
      name: 'ledger.balance',
      projection: 'ledger.balances',
      columns: 'account uuid not null, balance bigint not null, entries int not null, primary key (tenant_id, account)',
    }),
    'create table ledger.effect (tenant_id uuid not null, what text not null)',
    ...guard('ledger.effect', { app_worker: 'select, insert' }),
  ]) {
    await database.admin(sql);
  }
}

/** Posts entries to an account, as a command would. */
export async function post(unit: Unit, account: string, entries: readonly (number | Entry)[]): Promise<number> {
  const rows = await unit.rows<{ position: number }>(
    `select last_position as position from es.append(p_tenant => $1, p_command => $2, p_stream => $3, p_category => 'ledger',
       p_expected => null, p_ids => $4, p_types => $5, p_schemas => $6, p_data => $7, p_meta => '{}')`,
    [
      unit.tenantId,
      randomUUID(),
      account,
      entries.map(() => randomUUID()),
      entries.map(() => POSTED),
      entries.map(() => 1),
      JSON.stringify(entries.map((entry) => (typeof entry === 'number' ? { amount: entry } : entry))),
    ],
  );
  return rows[0]?.position ?? 0;
}

/** Folds a page into one upsert. */
export async function foldBalances(events: readonly FeedEvent[], unit: Unit, table: string): Promise<void> {
  const sums = new Map<string, { sum: number; entries: number }>();
  for (const { streamId, data } of events) {
    const known = sums.get(streamId) ?? { sum: 0, entries: 0 };
    sums.set(streamId, { sum: known.sum + amountOf(data), entries: known.entries + 1 });
  }
  const changes = [...sums.values()];
  await unit.run(
    `insert into ${table} as t (tenant_id, account, balance, entries)
     select $1, c.* from unnest($2::uuid[], $3::bigint[], $4::int[]) as c (account, balance, entries)
     on conflict (tenant_id, account) do update set balance = t.balance + excluded.balance, entries = t.entries + excluded.entries`,
    [unit.tenantId, [...sums.keys()], changes.map(({ sum }) => sum), changes.map(({ entries }) => entries)],
  );
}

/** Balances of the accounts. */
@Projection({ name: 'ledger.balances', version: 1, events: [POSTED], views: ['ledger.balance'], pageSize: 50 })
export class Balances implements IProjection {
  apply(events: readonly FeedEvent[], unit: Unit, table: (view: string) => string): Promise<void> {
    return foldBalances(events, unit, table('ledger.balance'));
  }
}

interface Watch {
  readonly balance: number;
  readonly isOverdrawn: boolean;
}

/** Charges a fee when an account has been overdrawn for the whole time of grace. */
@ProcessManager({ name: 'ledger.overdraft-watch', events: [POSTED], startAt: 'beginning' })
export class OverdraftWatch implements IProcessManager<Watch> {
  readonly initial: Watch = { balance: 0, isOverdrawn: false };
  readonly graceMs: number = GRACE_MS;

  correlate({ streamId }: FeedEvent): string {
    return streamId;
  }

  evolve(state: Watch, { type, data }: DomainEvent): Watch {
    const balance = state.balance + amountOf(data);
    if (type === 'overdraft.began') return { balance, isOverdrawn: true };
    if (type === 'overdraft.ended') return { balance, isOverdrawn: false };
    return { ...state, balance };
  }

  react({ balance, isOverdrawn }: Watch, { streamId, data, recordedAt }: FeedEvent): Reaction {
    const amount = amountOf(data);
    if (balance + amount >= 0) {
      return {
        facts: [{ type: isOverdrawn ? 'overdraft.ended' : 'overdraft.moved', data: { amount, account: streamId } }],
      };
    }
    if (isOverdrawn) return {};
    const at = new Date(recordedAt.getTime() + this.graceMs);
    return {
      facts: [{ type: 'overdraft.began', data: { amount, account: streamId } }],
      timers: [{ timer: 'grace', at }],
      commands: [{ command: 'ledger.note', payload: { what: `warned ${streamId}` } }],
    };
  }

  timeUp(_state: Watch, timer: string): Reaction {
    return {
      facts: [{ type: 'overdraft.charged', data: {} }],
      commands: [{ command: 'ledger.note', payload: { what: `${timer} is over` } }],
    };
  }
}

/** Notes an effect. What it is told to do wrong, it does wrong: `fail` throws, `refuse` refuses. */
export class Note extends Command<void> {
  constructor(
    readonly actor: Actor,
    readonly what: string,
  ) {
    super();
  }
}

@CommandHandler(Note)
@FromOutbox({ command: 'ledger.note', message: (actor, payload) => new Note(actor, String(payload['what'])) })
export class NoteHandler implements ICommandHandler<Note> {
  constructor(private readonly work: UnitOfWork) {}

  async execute({ actor, what }: Note): Promise<void> {
    await this.work.current().run('insert into ledger.effect values ($1, $2)', [actor.tenantId, what]);
    if (what.startsWith('refuse')) throw errors.refused('no');
    if (what.startsWith('fail')) throw new Error('it did not work');
  }
}

/** Notes every large entry. */
@Reactor({ name: 'ledger.large-entries', events: [POSTED], startAt: 'end' })
export class LargeEntries implements IReactor {
  react({ data }: FeedEvent): NewCommand[] {
    const amount = amountOf(data);
    return amount >= 1_000 ? [{ command: 'ledger.note', payload: { what: `large ${amount}` } }] : [];
  }
}
