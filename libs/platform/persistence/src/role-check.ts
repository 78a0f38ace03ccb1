import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Databases } from './databases.js';
import { isConnectionLost } from './pg-errors.js';

/** What makes a role too strong: it could see or change rows of every tenant, whatever the policies say. */
const TOO_STRONG = `
  select current_user as role, rolsuper or rolbypassrls as unbound,
         exists (select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace
                  where c.relowner = r.oid and n.nspname !~ '^pg_' and n.nspname <> 'information_schema') as owner
    from pg_roles r where rolname = current_user`;

/** An app refuses to run as a superuser, as a role past row-level security, or as the owner of tables. */
@Injectable()
export class RoleCheck implements OnApplicationBootstrap {
  private readonly logger = new Logger('Database');
  private verified = false;

  constructor(private readonly databases: Databases) {}

  /** At the start; with a database that cannot be reached yet the app waits for it, and is not ready before this has passed. */
  async onApplicationBootstrap(): Promise<void> {
    try {
      await this.verify();
    } catch (error) {
      if (!isConnectionLost(error)) throw error;
      this.logger.warn({ msg: 'the database cannot be reached yet' });
    }
  }

  /** @throws Error naming the role that is too strong */
  async verify(): Promise<void> {
    if (this.verified) return;
    for (const [name] of this.databases.stats()) {
      const { rows } = await this.databases
        .get(name)
        .pool.query<{ role: string; unbound: boolean; owner: boolean }>(TOO_STRONG);
      const strong = rows.find((row) => row.unbound || row.owner);
      if (!strong) continue;
      const why = strong.unbound ? 'row-level security does not bind it' : 'it owns tables';
      throw new Error(
        `the app refuses to run as the database role ${strong.role}: ${why}. Use app_rt, app_platform and app_worker.`,
      );
    }
    this.verified = true;
  }
}
