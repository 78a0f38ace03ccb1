import { randomBytes } from 'node:crypto';
import { Client, Pool } from 'pg';

/** A database of a test file's own, with a URL per role. */
export interface TestDatabase {
  readonly name: string;
  readonly ownerUrl: string;
  readonly rtUrl: string;
  readonly workerUrl: string;
  readonly platformUrl: string;
  readonly roUrl: string;
  /**
   * Runs a statement as the superuser, past row-level security: for looking behind the product's back.
   * @param name of a long statement that is run often: it is read and planned once a connection
   */
  admin<R extends object>(sql: string, values?: unknown[], name?: string): Promise<R[]>;
  drop(): Promise<void>;
}

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run the tests through npm test or npm run test:int`);
  return value;
}

function urlOf(database: string, user?: string, password?: string): string {
  const url = new URL(setting('TEST_DATABASE_URL'));
  url.pathname = `/${database}`;
  if (user) url.username = user;
  if (password) url.password = password;
  return url.href;
}

async function withAdmin<T>(database: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: urlOf(database) });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Clones the migrated template. Drop it in afterAll. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `recrate_test_${process.env['JEST_WORKER_ID'] ?? '0'}_${randomBytes(5).toString('hex')}`;
  await withAdmin('postgres', (client) =>
    // Copying its files costs a third of writing its pages to the log.
    client.query(`create database ${name} template ${setting('TEST_TEMPLATE')} strategy file_copy`),
  );
  const password = setting('TEST_ROLE_PASSWORD');
  const pool = new Pool({ connectionString: urlOf(name), max: 10, idleTimeoutMillis: 1_000, allowExitOnIdle: true });
  // A server that is killed takes idle connections with it; the next statement gets a new one.
  pool.on('error', () => undefined);
  return {
    name,
    ownerUrl: urlOf(name),
    rtUrl: urlOf(name, 'app_rt', password),
    workerUrl: urlOf(name, 'app_worker', password),
    platformUrl: urlOf(name, 'app_platform', password),
    roUrl: urlOf(name, 'app_ro', password),
    admin: async (text, values, name) => (await pool.query({ text, values, ...(name && { name }) })).rows,
    drop: async () => {
      if (!pool.ending) await pool.end();
      await withAdmin('postgres', (client) => client.query(`drop database if exists ${name} with (force)`));
    },
  };
}
