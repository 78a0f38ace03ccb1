import {
  type DynamicModule,
  Global,
  Logger,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { Redis } from 'ioredis';
import { gauge } from '#platform/telemetry';

/** A hung Redis costs a request this much at most, and only until the socket below is given up. */
const COMMAND_TIMEOUT_MS = 250;
/** Two command timeouts without a byte: the server hangs, so the socket is closed and further commands fail at once. */
const SOCKET_TIMEOUT_MS = 500;
const CONNECT_TIMEOUT_MS = 2_000;
/** A socket that does not close by itself is destroyed after this; ioredis keeps the process alive for so long. */
const DISCONNECT_TIMEOUT_MS = 100;
/** Pauses between attempts to connect: from the first to the second number, doubling, for ever. */
const RECONNECT_MS = { first: 50, most: 2_000 };
/** An idle connection is tried this often, so that `isUp` tells the truth without traffic. */
const PROBE_EVERY_MS = 1_000;
/** How long a start waits for a Redis that is there; without one it goes on. */
const START_WAIT_MS = 500;

/** What an app says about its Redis. */
export interface RedisOptions {
  /** `redis://` or `rediss://`, with a database number if shared; left out, the app runs without Redis. */
  readonly url?: string | undefined;
  /** Shown in CLIENT LIST. */
  readonly connectionName: string;
}

/**
 * The app's connection to Redis for short commands: caches, buckets, locks. It never throws at start, never queues a command,
 * never stalls a request, and comes back by itself. Nothing that must not be lost is kept behind it.
 */
export class RedisConnection implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('Redis');
  private readonly redis: Redis | undefined;
  private reported: 'up' | 'down' | undefined;
  private lastError = 'not connected';
  private probe: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(private readonly options: RedisOptions) {
    gauge('app_redis_up', 'Whether Redis answers.', [], (up) => up.set(this.isUp ? 1 : 0));
    if (!options.url) return;
    this.redis = new Redis(options.url, {
      connectionName: options.connectionName,
      lazyConnect: true,
      enableOfflineQueue: false,
      enableAutoPipelining: true,
      maxRetriesPerRequest: 0,
      commandTimeout: COMMAND_TIMEOUT_MS,
      socketTimeout: SOCKET_TIMEOUT_MS,
      connectTimeout: CONNECT_TIMEOUT_MS,
      disconnectTimeout: DISCONNECT_TIMEOUT_MS,
      retryStrategy: (times) => Math.min(RECONNECT_MS.first * 2 ** (times - 1), RECONNECT_MS.most),
    });
    this.redis.on('error', (error: Error) => (this.lastError = error.message || String(error)));
    this.redis.on('ready', () => this.report('up'));
    this.redis.on('close', () => this.report('down'));
  }

  /** Whether a URL was given at all. */
  get isConfigured(): boolean {
    return this.redis !== undefined;
  }

  /** Whether commands can be sent just now. Ask it before a command that has another way. */
  get isUp(): boolean {
    return !this.closed && this.redis?.status === 'ready';
  }

  /**
   * The client. A command rejects within 250 ms when Redis is away or hangs.
   * @throws Error when the app runs without Redis
   */
  get client(): Redis {
    if (!this.redis) throw new Error('no Redis is configured');
    return this.redis;
  }

  /** Resolves when Redis answers. @throws Error saying why it does not */
  async ping(): Promise<void> {
    if (!this.isUp) throw new Error(this.redis ? `Redis is away: ${this.lastError}` : 'no Redis is configured');
    await this.client.ping();
  }

  /** Starts connecting; a Redis that is there is up before the app goes on. */
  async onModuleInit(): Promise<void> {
    if (!this.redis) return this.logger.warn({ msg: 'no Redis is configured: running without it' });
    const { promise, resolve } = Promise.withResolvers<void>();
    const limit = setTimeout(resolve, START_WAIT_MS);
    this.redis.connect().then(resolve, resolve);
    await promise;
    clearTimeout(limit);
    this.probe = setInterval(() => void this.ping().catch(() => undefined), PROBE_EVERY_MS).unref();
  }

  onApplicationShutdown(): void {
    this.close();
  }

  /** Closes the connection for good; commands still on their way are rejected. */
  close(): void {
    this.closed = true;
    clearInterval(this.probe);
    this.redis?.disconnect();
  }

  /** One line per change, however many attempts fail in between. */
  private report(state: 'up' | 'down'): void {
    if (this.closed || this.reported === state) return;
    this.reported = state;
    const name = this.options.connectionName;
    if (state === 'up') this.logger.log({ msg: 'Redis is up', name });
    else this.logger.warn({ msg: 'Redis is away: going on without it', name, error: this.lastError });
  }
}

/** Gives an app its `RedisConnection`. */
@Global()
@Module({})
export class RedisModule {
  static forRoot(options: RedisOptions): DynamicModule {
    const provider = { provide: RedisConnection, useFactory: () => new RedisConnection(options) };
    return { module: RedisModule, providers: [provider], exports: [RedisConnection] };
  }
}
