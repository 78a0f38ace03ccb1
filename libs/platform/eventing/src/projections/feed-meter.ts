import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '#platform/persistence';
import { gauge } from '#platform/telemetry';
import { FeedSampler } from '../feed/feed-sampler.js';
import { Loop } from '../feed/loop.js';
import { TenantUnits } from './tenant-units.js';

const EVERY_MS = 5_000;

const metrics = {
  lagEvents: gauge('app_projection_lag_events', 'Positions between the fence and the checkpoint.', [
    'projection',
    'status',
  ]),
  lagSeconds: gauge('app_projection_lag_seconds', 'Age of the oldest event that has not been applied.', [
    'projection',
    'status',
  ]),
  parked: gauge('app_projection_parked', 'Events that are parked now.', ['projection']),
  outboxParked: gauge('app_outbox_parked', 'Commands that are parked now.'),
  outboxDue: gauge('app_outbox_oldest_due_age_seconds', 'How long the oldest due command has waited.'),
};

/** Measures how far behind everything is, for the metrics and for the operator's list. */
@Injectable()
export class FeedMeter {
  private readonly loop = new Loop('measuring the lag', () => this.measure());

  constructor(
    @Inject(TenantUnits) private readonly units: TenantUnits,
    @Inject(FeedSampler) private readonly sampler: FeedSampler,
  ) {}

  start(): void {
    this.loop.start();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  private measure(): Promise<number> {
    return this.units.run(async (unit) => {
      await this.measureLag(unit);
      metrics.parked.reset();
      for (const { name, parked } of await unit.rows<{ name: string; parked: number }>(PARKED)) {
        metrics.parked.set({ projection: name }, parked);
      }
      const outbox = await unit.row<{ parked: number; age: number }>(OUTBOX);
      metrics.outboxParked.set(outbox?.parked ?? 0);
      metrics.outboxDue.set(outbox?.age ?? 0);
      return EVERY_MS;
    });
  }

  private async measureLag(unit: Unit): Promise<void> {
    const rows = await unit.rows<{ name: string; status: string; position: number; lag: number }>(LAG, [
      this.sampler.position,
    ]);
    metrics.lagEvents.reset();
    metrics.lagSeconds.reset();
    for (const [key, shards] of Map.groupBy(rows, ({ name, status }) => `${name} ${status}`)) {
      const [projection = '', status = ''] = key.split(' ');
      const behind = shards.map(({ position }) => Math.max(0, this.sampler.position - Math.max(0, position)));
      metrics.lagEvents.set({ projection, status }, Math.max(...behind));
      metrics.lagSeconds.set({ projection, status }, Math.max(...shards.map(({ lag }) => lag)));
    }
  }
}

/** Writes the lag down for the operator; a shard that is at work just now is measured next time. */
const LAG = `
  with now_behind as (
    select p.name, p.slot, p.shard, coalesce(greatest(0, extract(epoch from clock_timestamp() - e.recorded_at)), 0)::real as lag
      from es.projections p
      left join lateral (select recorded_at from es.events where position > p.position and position <= $1 order by position limit 1) e on true
     where p.status <> 'retired' and not (p.kind = 'inline' and p.status = 'live')
       for update of p skip locked),
  noted as (
    update es.projections p set lag_seconds = b.lag from now_behind b
     where p.name = b.name and p.slot = b.slot and p.shard = b.shard and p.lag_seconds <> b.lag)
  select p.name, p.status, p.position, coalesce(b.lag, p.lag_seconds) as lag
    from es.projections p left join now_behind b using (name, slot, shard)
   where p.status <> 'retired' and not (p.kind = 'inline' and p.status = 'live')`;
/** Those of an earlier build are nobody's business before it is turned back to. */
const PARKED = `
  select p.name, count(*)::int as parked
    from es.parked k join es.projections p on k.name = p.name || '@' || p.slot and p.shard = 0
   where p.status <> 'retired' group by p.name`;
const OUTBOX = `
  select (select count(*)::int from es.outbox where parked_at is not null) as parked,
         coalesce((select extract(epoch from clock_timestamp() - min(not_before)) from es.outbox
                    where parked_at is null and not_before <= clock_timestamp()), 0)::real as age`;
