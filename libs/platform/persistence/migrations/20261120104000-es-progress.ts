import { Migration } from '@mikro-orm/migrations';

/**
 * A read model has two slots and a build in at most both of them, so the slot takes the version's place in the key. A paused
 * build keeps its status: the view goes on showing the live one. What the operator asks for is a wish, which the worker grants.
 */
export class EsProgress extends Migration {
  override up(): void {
    for (const sql of [
      `alter table es.projections
         add column kind text not null default 'projection' check (kind in ('projection', 'reaction')),
         add column paused boolean not null default false,
         add column wish text check (wish in ('rebuild', 'replay')),
         add column lag_seconds real not null default 0,
         drop constraint projections_status_check,
         add constraint projections_status_check check (status in ('catching_up', 'live', 'retired')),
         drop constraint projections_pkey,
         add primary key (name, slot, shard)`,
      `grant select on es.projections to app_ro`,
      `create function es.live_slot(p_name text) returns text language sql stable set search_path = pg_catalog, pg_temp as $$
         select coalesce((select p.slot from es.projections p where p.name = p_name and p.status = 'live' limit 1), 'a') $$`,
      `revoke execute on function es.live_slot from public`,
      `grant execute on function es.live_slot to app_rt, app_worker, app_platform, app_ro`,
    ]) {
      this.addSql(sql);
    }
  }
}
