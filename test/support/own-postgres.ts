import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { LOGIN_ROLES, type LoginRole, migrate } from '#platform/persistence';
import type { TestDatabase } from './database.js';

/** The launcher's tools, as far as they are used here. */
interface Tools {
  databaseUser(dir: string): unknown;
  databaseHome(user: unknown, name: string): Promise<{ home: string }>;
  passingHome(user: unknown, home: string): Promise<string>;
  installBinaries(home: string): Promise<string>;
  embeddedServer(): { major: number };
  inData(...parts: string[]): string;
  nextFree(first: number): Promise<number>;
  quietPort(seed: number): number;
  createCluster(cluster: Cluster, options: { password: string; sync: boolean }): Promise<void>;
  spawnPostgres(cluster: Cluster, options: { port: number; settings: object; logFile: string }): ChildProcess;
  waitUntilReady(cluster: Cluster, child: ChildProcess): Promise<boolean>;
}

interface Cluster {
  readonly bin: string;
  readonly dir: string;
  readonly user: unknown;
}

const MODULES = ['database-home', 'postgres-binaries', 'paths', 'ports', 'postgres'];
/** What was committed survives a killed server: the files are the operating system's, which lives on. */
const SETTINGS = { fsync: 'off', max_connections: 60, max_prepared_transactions: 4, shared_buffers: '32MB' };
/** Children of a killed server leave within a moment; until then no new one starts. */
const START_WITHIN_MS = 30_000;

/** A migrated PostgreSQL of a test's own, to be killed and started again. */
export class OwnPostgres {
  private child: ChildProcess | undefined;

  private constructor(
    private readonly tools: Tools,
    private readonly cluster: Cluster,
    private readonly port: number,
    private readonly password: string,
  ) {}

  /** Makes and starts it, and brings its schema up to date. Remove it in afterAll. */
  static async create(): Promise<OwnPostgres> {
    const parts = await Promise.all(
      MODULES.map((name) => import(new URL(`../../tools/lib/${name}.mjs`, import.meta.url).href) as Promise<object>),
    );
    const tools = Object.assign({}, ...parts) as Tools;
    const user = tools.databaseUser(tools.inData('test'));
    const { home } = await tools.databaseHome(user, `pg${tools.embeddedServer().major}`);
    const dir = join(await tools.passingHome(user, home), `own-${process.pid}-${randomBytes(3).toString('hex')}`);
    const password = randomBytes(12).toString('hex');
    const port = await tools.nextFree(tools.quietPort(process.pid * 19 + 7));
    const own = new OwnPostgres(tools, { bin: await tools.installBinaries(home), dir, user }, port, password);
    await tools.createCluster(own.cluster, { password, sync: false });
    await own.start();
    const passwords = Object.fromEntries(LOGIN_ROLES.map((role) => [role, password])) as Record<LoginRole, string>;
    await migrate({ ownerUrl: own.url('owner'), passwords });
    return own;
  }

  /** The database, as test helpers take it. */
  get database(): TestDatabase {
    return {
      name: 'postgres',
      ownerUrl: this.url('owner'),
      rtUrl: this.url('app_rt'),
      workerUrl: this.url('app_worker'),
      platformUrl: this.url('app_platform'),
      roUrl: this.url('app_ro'),
      admin: async (sql, values) => {
        const client = new Client({ connectionString: this.url('owner') });
        // Of a server that is killed meanwhile the query hears.
        client.on('error', () => undefined);
        await client.connect();
        try {
          return (await client.query(sql, values)).rows;
        } finally {
          await client.end();
        }
      },
      drop: () => Promise.resolve(),
    };
  }

  get isRunning(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  async start(): Promise<void> {
    for (const until = Date.now() + START_WITHIN_MS; Date.now() < until; await sleep(50)) {
      const options = { port: this.port, settings: SETTINGS, logFile: `${this.cluster.dir}.log` };
      this.child = this.tools.spawnPostgres(this.cluster, options);
      if (await this.tools.waitUntilReady(this.cluster, this.child)) return;
    }
    throw new Error('the PostgreSQL of the test does not start');
  }

  /** Ends it at once, as `kill -9` does. */
  kill(): Promise<void> {
    return this.end('SIGKILL');
  }

  /** Shuts it down fast, as an operator does who restarts it: sessions are ended, what was committed is written. */
  shutDown(): Promise<void> {
    return this.end('SIGINT');
  }

  async remove(): Promise<void> {
    await this.end('SIGQUIT');
    rmSync(this.cluster.dir, { recursive: true, force: true });
    rmSync(`${this.cluster.dir}.log`, { force: true });
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    if (!this.child || !this.isRunning) return;
    const gone = once(this.child, 'exit');
    this.child.kill(signal);
    await gone;
  }

  private url(role: LoginRole | 'owner'): string {
    return `postgres://${role}:${this.password}@127.0.0.1:${this.port}/postgres`;
  }
}
