import { Migration } from '@mikro-orm/migrations';

/** The operator looks at commands that are parked; there are few of them beside those that wait. */
export class EsParkedCommands extends Migration {
  override up(): void {
    this.addSql('create index outbox_parked on es.outbox (parked_at) where parked_at is not null');
  }
}
