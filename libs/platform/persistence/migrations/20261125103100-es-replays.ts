import { Migration } from '@mikro-orm/migrations';

/**
 * A replay that is under way is told from one that was asked for: what is asked while it runs is done after it, not forgotten with
 * it. A wish that an earlier flip left on a retired build kept the operator from turning back to it.
 */
export class EsReplays extends Migration {
  override up(): void {
    for (const sql of [
      `alter table es.projections
         drop constraint projections_wish_check,
         add constraint projections_wish_check check (wish in ('rebuild', 'replay', 'replaying', 'drop'))`,
      `update es.projections set wish = null where status = 'retired' and wish <> 'drop'`,
    ]) {
      this.addSql(sql);
    }
  }
}
