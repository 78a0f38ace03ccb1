import { Inject, Injectable, Logger } from '@nestjs/common';
import type { QueueOptions } from 'bull';
import { Redis, type RedisOptions } from 'ioredis';
import { RedisConnection } from '#platform/persistence';

/**
 * Bull's settings. Leases and attempts are PostgreSQL's: with Bull's own check for stalled jobs, another worker takes over only a
 * minute after a kill -9, and a job whose worker was killed twice is failed without a third run.
 */
const SETTINGS = {
  stalledInterval: 0,
  maxStalledCount: 0,
  lockDuration: 30_000,
  lockRenewTime: 5_000,
  retryProcessDelay: 300,
};
/** A blocking read whose answer is so late has lost its connection without hearing of it. */
const BLOCKING_GRACE_MS = 5_000;
const KEEP_ALIVE_MS = 10_000;

/** Bull demands these of connections that wait; its scripts do not bear auto-pipelining. */
const WAITING: Partial<RedisOptions> = {
  enableOfflineQueue: true,
  maxRetriesPerRequest: null,
  enableReadyCheck: false,
  // Its own way to subscribe again leaves nobody to hear that it failed, which ends the process. The transport does it for the wake-ups;
  // Bull's own channel is for delayed jobs, of which there are none.
  autoResubscribe: false,
  commandTimeout: undefined,
  socketTimeout: undefined,
  blockingTimeout: BLOCKING_GRACE_MS,
  blockingTimeoutGrace: BLOCKING_GRACE_MS,
};

/** The connections of the queue: one for commands, one that blocks for work, one that hears messages. */
@Injectable()
export class BullConnections {
  private readonly logger = new Logger('Redis');
  private readonly made = new Map<string, Redis>();

  constructor(@Inject(RedisConnection) private readonly redis: RedisConnection) {}

  /** The connection that hears published messages. */
  get subscriber(): Redis {
    return this.get('subscriber');
  }

  /** How to make the queue: it neither needs Redis at start nor gives up on it. */
  queueOptions(): QueueOptions {
    const options = {
      // The braces are the cluster's hash tag: all keys of the queue stay on one node.
      prefix: '{bull}',
      settings: SETTINGS,
      skipVersionCheck: true,
      defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: true },
      createClient: (type: string) => this.get(type),
    };
    return options;
  }

  /** Ends all connections; those asked for later are new ones. */
  close(): void {
    for (const connection of this.made.values()) connection.disconnect();
    this.made.clear();
  }

  private get(type: string): Redis {
    const made = this.made.get(type) ?? this.connect(type);
    this.made.set(type, made);
    return made;
  }

  private connect(type: string): Redis {
    // Without a URL the queue is made with a connection that never connects, and nobody uses it.
    if (!this.redis.isConfigured) return new Redis({ lazyConnect: true, enableOfflineQueue: false });
    const connection = this.redis.client.duplicate({
      lazyConnect: false,
      enableAutoPipelining: false,
      keepAlive: KEEP_ALIVE_MS,
      ...(type === 'client' ? {} : WAITING),
    });
    // RedisConnection says when Redis goes and comes; these lines would only repeat it.
    connection.on('error', (error: Error) => this.logger.debug({ msg: 'connection', type, error: error.message }));
    return connection;
  }
}
