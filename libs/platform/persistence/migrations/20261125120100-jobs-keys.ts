import { Migration } from '@mikro-orm/migrations';

/**
 * Units of jobs have neither a key nor a slot: they need no entry in the indexes of those that have. It also keeps the planner from
 * reading all work of a tenant and kind by the index of keys.
 */
export class JobsKeys extends Migration {
  override up(): void {
    for (const sql of [
      `alter table jobs.task drop constraint task_tenant_id_kind_key_key, drop constraint task_tenant_id_schedule_slot_key`,
      `create unique index task_key on jobs.task (tenant_id, kind, key) where key is not null`,
      `create unique index task_slot on jobs.task (tenant_id, schedule, slot) where schedule is not null`,
    ]) {
      this.addSql(sql);
    }
  }
}
