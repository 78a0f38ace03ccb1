import { Injectable } from '@nestjs/common';
import { migrationNames } from '../migrations/list.js';
import { Databases } from './databases.js';
import { RoleCheck } from './role-check.js';

/** The table in which applied migrations are noted. */
export const MIGRATION_TABLE = { schema: 'public', name: 'migration' } as const;

/** Whether the database's schema is one this build can work with. */
@Injectable()
export class SchemaState {
  constructor(
    private readonly databases: Databases,
    private readonly roles: RoleCheck,
  ) {}

  /**
   * Resolves when every migration this build knows has been applied. A newer schema is accepted: migrations expand first and
   * contract a release later, so a rolled-back build goes on working.
   * @throws Error naming the first missing migration, or a role that is too strong
   */
  async check(): Promise<void> {
    await this.roles.verify();
    const { rows } = await this.databases
      .get('main')
      .pool.query<{ name: string }>(`select name from ${MIGRATION_TABLE.schema}.${MIGRATION_TABLE.name}`);
    const applied = new Set(rows.map((row) => row.name));
    const missing = migrationNames.find((name) => !applied.has(name));
    if (missing) throw new Error(`migration ${missing} has not been applied: run npm run migrate`);
  }

  /** Resolves when the pool answers a trivial statement. */
  async ping(): Promise<void> {
    await this.databases.get('main').pool.query('select 1');
  }
}
