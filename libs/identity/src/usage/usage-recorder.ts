import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { UsageSink } from '#platform/http';
import { type Actor, DomainError, systemClock } from '#platform/kernel';
import { type Unit, UnitOfWork } from '#platform/persistence';
import { type KeyUse, LastUse } from './last-use.js';
import { type UsageCount, UsageCounters } from './usage-counters.js';

/** Between two writes; what a killed process loses of its counts. */
const FLUSH_EVERY_MS = 5_000;

interface Share {
  readonly counts: UsageCount[];
  readonly uses: KeyUse[];
}

/**
 * Counts requests and last uses in memory and writes them every few seconds, one unit of work per tenant: near real time, and
 * never a write per request. A clean shutdown loses nothing.
 */
@Injectable()
export class UsageRecorder implements UsageSink, OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('Usage');
  private readonly counters = new UsageCounters(systemClock);
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly work: UnitOfWork,
    private readonly lastUse: LastUse,
  ) {}

  onModuleInit(): void {
    this.timer = setInterval(() => void this.flush(), FLUSH_EVERY_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.flush();
  }

  /** A request of a known caller was answered. Only keys are counted: the operator has no tenant. */
  record(actor: Actor, status: number): void {
    if (actor.kind === 'key') this.counters.add(actor, status);
  }

  /** Writes what has been counted; writes that start together follow one another. Never throws: what fails is kept. */
  flush(): Promise<void> {
    this.writing = this.writing.then(() => this.write());
    return this.writing;
  }

  private async write(): Promise<void> {
    const shares = byTenant(this.counters.drain(), this.lastUse.drain());
    let isAway = false;
    for (const [tenantId, share] of shares) {
      try {
        if (!isAway) await this.work.run({ tenantId }, (unit) => writeShare(unit, share));
        else this.giveBack(share);
      } catch (error) {
        // A commit whose answer was lost may have happened: then these requests are counted twice rather than never.
        this.giveBack(share);
        isAway = error instanceof DomainError;
        this.logger.warn({ msg: 'usage is kept in memory for now', tenantId, error: String(error) });
      }
    }
  }

  private giveBack({ counts, uses }: Share): void {
    this.counters.giveBack(counts);
    this.lastUse.giveBack(uses);
  }
}

function byTenant(counts: readonly UsageCount[], uses: readonly KeyUse[]): Map<string, Share> {
  const shares = new Map<string, Share>();
  const shareOf = (tenantId: string): Share => {
    const share = shares.get(tenantId) ?? { counts: [], uses: [] };
    shares.set(tenantId, share);
    return share;
  };
  for (const count of counts) shareOf(count.tenantId).counts.push(count);
  for (const use of uses) shareOf(use.tenantId).uses.push(use);
  return shares;
}

/** Rows are taken in the order of their keys, so that processes that write for one tenant never wait for each other in a ring. */
async function writeShare(unit: Unit, { counts, uses }: Share): Promise<void> {
  if (counts.length > 0) {
    await unit.run(ADD_COUNTS, [
      unit.tenantId,
      counts.map((count) => count.day),
      counts.map((count) => count.apiKeyId),
      counts.map((count) => count.requests),
      counts.map((count) => count.refused),
      counts.map((count) => count.errors),
    ]);
  }
  if (uses.length > 0) {
    const values = [unit.tenantId, uses.map((use) => use.apiKeyId), uses.map((use) => use.minute)];
    await unit.run(SET_LAST_USE, values);
  }
}

const ADD_COUNTS = `
  insert into identity.usage_daily as known (tenant_id, day, api_key_id, requests, refused, errors)
  select $1, day, api_key_id, requests, refused, errors
    from unnest($2::date[], $3::uuid[], $4::bigint[], $5::bigint[], $6::bigint[]) as c (day, api_key_id, requests, refused, errors)
   order by day, api_key_id
  on conflict (tenant_id, day, api_key_id) do update
     set requests = known.requests + excluded.requests,
         refused = known.refused + excluded.refused,
         errors = known.errors + excluded.errors`;

const SET_LAST_USE = `
  update identity.api_key k set last_used_at = u.minute
    from (select id, tenant_id from identity.api_key where tenant_id = $1 and id = any($2) order by id for no key update) locked
    join unnest($2::uuid[], $3::timestamptz[]) as u (id, minute) on u.id = locked.id
   where k.tenant_id = locked.tenant_id and k.id = locked.id and (k.last_used_at is null or k.last_used_at < u.minute)`;
