import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import type { Actor } from '#platform/kernel';
import { type Unit, UnitOfWork } from '#platform/persistence';
import type { ProjectionView } from './projections.views.js';

/** How projections and reactions stand, for the operator. */
export class ListProjections extends Query<ProjectionView[]> {
  constructor(readonly actor: Actor) {
    super();
  }
}

@QueryHandler(ListProjections)
export class ListProjectionsHandler implements IQueryHandler<ListProjections> {
  constructor(private readonly work: UnitOfWork) {}

  execute(): Promise<ProjectionView[]> {
    return projectionStatuses(this.work.current());
  }
}

/** The projections and reactions, or the one of that name. */
export function projectionStatuses(unit: Unit, name: string | null = null): Promise<ProjectionView[]> {
  return unit.rows<ProjectionView>(STATUSES, [name]);
}

const STATUSES = `
  with drawn as (select case when is_called then last_value else 0 end as position from es.event_position)
  select p.name, case when min(p.kind) = 'reaction' then 'reaction' else 'projection' end as kind, min(p.version) filter (where live) as version,
         (count(*) filter (where live))::int as shards, bool_or(p.paused) as paused, min(case p.wish when 'replaying' then 'replay' else p.wish end) as pending,
         (d.position - min(case when p.kind = 'inline' then d.position else p.position end) filter (where live)) as "lagEvents",
         coalesce(max(p.lag_seconds) filter (where live), 0)::float8 as "lagSeconds",
         (min(greatest(0, p.position)) filter (where not live))::float8 / greatest(1, d.position) as "rebuildProgress",
         (select count(*)::int from es.parked k where k.name = any(array_agg(p.name || '@' || p.slot))) as parked,
         (select max(r.version) from es.projections r where r.name = p.name and r.status = 'retired') as "retiredVersion",
         min(p.error->>'message') as error
    from (select *, status = 'live' as live from es.projections where status <> 'retired') p, drawn d
   where $1::text is null or p.name = $1
   group by p.name, d.position order by p.name`;
