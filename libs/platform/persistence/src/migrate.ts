import { Migrator } from '@mikro-orm/migrations';
import { MikroORM } from '@mikro-orm/postgresql';
import { Client } from 'pg';
import { migrations } from '../migrations/list.js';
import { ensureRoles, type LoginRole } from './roles.js';
import { MIGRATION_TABLE } from './schema-state.js';

/** One migration run at a time and database; the number is arbitrary and stands only here. */
const MIGRATION_LOCK = 7_311_846_201;
const OLDEST_SERVER = 160_000;

/** What a migration run is told. */
export interface MigrateOptions {
  /** URL of the owner of the tables. */
  readonly ownerUrl: string;
  /** Passwords to give to the roles; left out, a role keeps the one it has. */
  readonly passwords?: Partial<Record<LoginRole, string>>;
}

/**
 * Brings roles and schema up to date. Runs that start together wait for each other; a killed one can be repeated.
 * @returns names of the migrations that were applied now
 */
export async function migrate(options: MigrateOptions): Promise<string[]> {
  const owner = new Client({ connectionString: options.ownerUrl, application_name: 'recrate-migrate' });
  await owner.connect();
  try {
    await owner.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await checkServer(owner);
    await ensureRoles(owner, options.passwords ?? {});
    return await applyMigrations(options.ownerUrl);
  } finally {
    await owner.end();
  }
}

async function checkServer(owner: Client): Promise<void> {
  const { rows } = await owner.query<{ version: number }>(
    `select current_setting('server_version_num')::int as version`,
  );
  const version = rows[0]?.version ?? 0;
  if (version < OLDEST_SERVER) throw new Error(`PostgreSQL 16 or newer is needed, the server says ${version}`);
}

async function applyMigrations(ownerUrl: string): Promise<string[]> {
  const orm = new MikroORM({
    clientUrl: ownerUrl,
    entities: [],
    discovery: { warnWhenNoEntities: false },
    extensions: [Migrator],
    migrations: {
      migrationsList: migrations.map(({ name, type }) => ({ name, class: type })),
      tableName: `${MIGRATION_TABLE.schema}.${MIGRATION_TABLE.name}`,
      snapshot: false,
      allOrNothing: false,
      silent: true,
    },
  });
  try {
    const applied = await orm.migrator.up();
    await orm.em.execute(
      `grant select on ${MIGRATION_TABLE.schema}.${MIGRATION_TABLE.name} to app_rt, app_worker, app_platform`,
    );
    return applied.map((migration) => migration.name);
  } finally {
    await orm.close(true);
  }
}
