import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

/** A Redis of a test's own, on its own port: for tests that kill, freeze or flush it. */
export class OwnRedis {
  private child: ChildProcess | undefined;
  private readonly dir = mkdtempSync(join(tmpdir(), 'recrate-redis-'));

  private constructor(
    private readonly binary: Binary,
    readonly port: number,
  ) {}

  /** Reserves a port; nothing runs until `start`. */
  static async create(): Promise<OwnRedis> {
    return new OwnRedis(await binaryOfTestRedis(), await freePort());
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it, empty, and waits until it answers. */
  async start(): Promise<void> {
    const flags = ['--bind', '127.0.0.1', '--port', String(this.port), '--save', '', '--dir', this.dir];
    this.child = spawn(this.binary.path, flags, { stdio: 'ignore', env: this.binary.env });
    const client = new Redis(this.url, { retryStrategy: () => 20, maxRetriesPerRequest: null });
    client.on('error', () => undefined);
    const died = once(this.child, 'exit').then(() =>
      Promise.reject(new Error('the Redis of the test could not start')),
    );
    await Promise.race([client.ping(), died]).finally(() => client.disconnect());
    died.catch(() => undefined);
  }

  /** Stops it at once, as `kill -9` does; what it held is gone. */
  async kill(): Promise<void> {
    if (!this.child || this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }

  /** Freezes it: connections stay open and nothing answers. */
  freeze(): void {
    this.child?.kill('SIGSTOP');
  }

  /** Asks it something on a connection of its own. @throws Error when it does not answer within 2 s */
  async ask<T>(question: (client: Redis) => Promise<T>): Promise<T> {
    const client = new Redis(this.url, { maxRetriesPerRequest: 0, retryStrategy: () => null, commandTimeout: 2_000 });
    client.on('error', () => undefined);
    try {
      return await question(client);
    } finally {
      client.disconnect();
    }
  }

  /** From now on it takes no writes: it is full, or a replica of nothing; or it takes them again. */
  async refuseWrites(why: 'full' | 'replica' | 'no more'): Promise<void> {
    await this.ask(async (client) => {
      await client.config('SET', 'maxmemory', why === 'full' ? '1' : '0');
      await (why === 'replica' ? client.replicaof('127.0.0.1', 1) : client.replicaof('NO', 'ONE'));
    });
  }

  /** Wakes it up again. */
  thaw(): void {
    this.child?.kill('SIGCONT');
  }

  /** Ends it and removes its files. Call it in afterAll. */
  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

interface Binary {
  readonly path: string;
  readonly env: NodeJS.ProcessEnv;
}

/** The very binary that runs the tests' Redis, with the library path it was started with: wherever it came from, it works. */
async function binaryOfTestRedis(): Promise<Binary> {
  const url = process.env['TEST_REDIS_URL'];
  if (!url) throw new Error('TEST_REDIS_URL is not set: run the tests through npm test or npm run test:int');
  const client = new Redis(url);
  const info = await client.info('server');
  client.disconnect();
  const field = (name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
  return { path: field('executable'), env: { ...process.env, ...libraryPathOf(field('process_id')) } };
}

/** Where the running server has its libraries from, for one that was unpacked and not installed (Linux; else nothing is needed). */
function libraryPathOf(pid: string): NodeJS.ProcessEnv {
  try {
    const mapped = readFileSync(`/proc/${pid}/maps`, 'utf8').matchAll(/ (\/\S+)\/[^/\s]+\.so[.\d]*$/gm);
    const own = new Set([...mapped].map(([, dir]) => dir).filter((dir) => !/^\/(usr\/)?lib(64)?\b/.test(dir ?? '')));
    return own.size > 0 ? { LD_LIBRARY_PATH: [...own].join(':') } : {};
  } catch {
    return {};
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * Waits until `condition` holds. The limit only ends what will never come about: it is longer than a busy machine needs.
 * @throws Error naming what did not come about
 */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = 20_000,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await sleep(20);
  }
}
