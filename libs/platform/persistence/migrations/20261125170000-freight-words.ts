import { Migration } from '@mikro-orm/migrations';
import { guard } from './kit.js';

/** A store's words for grades, and what was asked when a job was started under an Idempotency-Key. */
export class FreightWords extends Migration {
  override up(): void {
    for (const sql of [
      `create table freight.grade_vocabulary (
         tenant_id uuid primary key,
         words jsonb not null,
         version integer not null default 1,
         updated_at timestamptz not null default clock_timestamp()
       )`,
      ...guard('freight.grade_vocabulary', { app_rt: 'select, insert, update' }),
      `alter table freight.job add column idempotency_asked text`,
    ]) {
      this.addSql(sql);
    }
  }
}
