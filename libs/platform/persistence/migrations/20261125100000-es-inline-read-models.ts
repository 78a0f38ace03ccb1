import { Migration } from '@mikro-orm/migrations';

/**
 * Read models that are kept inside the transaction of the events have two slots as well. Whoever writes one holds a shared
 * advisory lock on it until its transaction ends, taken before the slot is read; a rebuild takes it exclusively for the moment of
 * the flip. And an operator may drop a retired build, and discard a command that is parked.
 */
export class EsInlineReadModels extends Migration {
  override up(): void {
    for (const sql of [
      `alter table es.projections
         drop constraint projections_kind_check,
         add constraint projections_kind_check check (kind in ('projection', 'inline', 'reaction')),
         drop constraint projections_wish_check,
         add constraint projections_wish_check check (wish in ('rebuild', 'replay', 'drop'))`,
      // Volatile: the slot is read by a snapshot of its own, taken after the wait for the lock.
      `create function es.inline_slot(p_name text) returns text language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
  perform pg_advisory_xact_lock_shared(hashtextextended('es.inline ' || p_name, 0));
  return es.live_slot(p_name);
end $$`,
      `revoke execute on function es.inline_slot from public`,
      `grant execute on function es.inline_slot to app_rt, app_worker, app_platform`,
      `grant delete on es.outbox to app_platform`,
    ]) {
      this.addSql(sql);
    }
  }
}
