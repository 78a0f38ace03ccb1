import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { isConnectionLost } from '#platform/persistence';
import { FeedSampler } from '../feed/feed-sampler.js';
import { Loop } from '../feed/loop.js';
import { type Build, changeWish, NOT_CLEARED, noteError, openBuilds, registerBuilds } from './builds.js';
import { FeedMeter } from './feed-meter.js';
import { Pages } from './pages.js';
import { Rebuilds } from './rebuilds.js';
import { Replays } from './replays.js';
import type { Subscriber } from './subscriber.js';
import { Subscribers } from './subscribers.js';
import { TenantUnits } from './tenant-units.js';

/** How often progress is looked at when nothing wakes the runner. */
const IDLE_MS = 250;
/** How often the end of the feed is looked for while an appender hides it. */
const UNKNOWN_MS = 20;
/** Pages of one shard before others get their turn. */
const PAGES_PER_TURN = 20;
/** Failures after which the event that cannot be digested is looked for, and the first pause between them. */
const FAILURES_BEFORE_CARE = 3;
const BACKOFF_MS = 50;
const BACKOFF_CAP_MS = 5_000;
/** Shards that are worked on at the same time; each needs a connection. */
const AT_ONCE = 3;

/** What this process remembers of a shard. */
interface Track {
  failures: number;
  restUntil: number;
}

/** Feeds projections, reactors and process managers: one turn of a shard at a time, several shards at once. */
@Injectable()
export class FeedRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Eventing');
  private readonly loop = new Loop('feeding projections', () => this.round());
  private readonly running = new Map<string, Promise<void>>();
  private readonly tracks = new Map<string, Track>();
  private registered = false;

  constructor(
    @Inject(FeedSampler) private readonly sampler: FeedSampler,
    @Inject(Subscribers) private readonly subscribers: Subscribers,
    @Inject(TenantUnits) private readonly units: TenantUnits,
    @Inject(Pages) private readonly pages: Pages,
    @Inject(Rebuilds) private readonly rebuilds: Rebuilds,
    @Inject(Replays) private readonly replays: Replays,
    @Inject(FeedMeter) private readonly meter: FeedMeter,
  ) {}

  onApplicationBootstrap(): void {
    this.sampler.onNews(() => this.loop.poke());
    this.sampler.start();
    this.loop.start();
    this.meter.start();
  }

  /** Begins no more turns and waits for those that run. */
  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([this.loop.stop(), this.meter.stop()]);
    await Promise.all(this.running.values());
    await this.sampler.stop();
  }

  private async round(): Promise<number> {
    if (!this.registered && !(await this.register())) return UNKNOWN_MS;
    for (const build of await this.units.run(openBuilds)) {
      const subscriber = this.subscribers.get(build.name);
      if (this.running.size < AT_ONCE && subscriber && this.isDue(build, subscriber)) this.begin(subscriber, build);
    }
    return IDLE_MS;
  }

  /** Whether it is done: a reaction that begins at the end cannot begin before the end is known. */
  private async register(): Promise<boolean> {
    const end = await this.sampler.sample();
    if (!this.sampler.isKnown) return false;
    for (const subscriber of this.subscribers.all()) {
      await this.units.run((unit) => registerBuilds(unit, subscriber, end));
    }
    this.registered = true;
    return true;
  }

  /** A build of another version belongs to workers that have the code of that version. */
  private isDue(build: Build, { version, kind }: Subscriber): boolean {
    const key = keyOf(build);
    if (build.paused || this.running.has(key) || this.trackOf(key).restUntil > performance.now()) return false;
    if (build.wish === 'drop') return true;
    if (build.version !== version) return false;
    if (build.wish !== null || build.status === 'catching_up') return true;
    return kind !== 'inline' && build.position < this.sampler.position;
  }

  private begin(subscriber: Subscriber, build: Build): void {
    const key = keyOf(build);
    const turn = this.turn(subscriber, build)
      .then(
        (again) => {
          this.tracks.delete(key);
          return again;
        },
        (error: unknown) => this.failed(build, error),
      )
      .then((again) => {
        this.running.delete(key);
        // A reaction may have written commands, and a full house kept others waiting.
        if (again || subscriber.kind === 'reaction' || this.running.size === AT_ONCE - 1) this.sampler.wake();
      });
    this.running.set(key, turn);
  }

  /** Whether there is more to do at once. */
  private async turn(subscriber: Subscriber, build: Build): Promise<boolean> {
    if (build.wish === 'rebuild') {
      if (subscriber.kind !== 'reaction') await this.rebuilds.begin(subscriber);
      else await this.units.run((unit) => changeWish(unit, build, 'rebuild', null));
      return true;
    }
    if (build.position === NOT_CLEARED || build.wish === 'drop') return this.rebuilds.clear(subscriber, build);
    if (build.wish?.startsWith('replay')) await this.replays.run(subscriber, build);
    if (subscriber.kind === 'inline' && build.status === 'live') return false;
    const upTo = this.sampler.position;
    const careful = this.trackOf(keyOf(build)).failures >= FAILURES_BEFORE_CARE;
    let position: number | undefined = build.position;
    for (let n = 0; n < PAGES_PER_TURN && position !== undefined && position < upTo; n++) {
      position = await this.pages.run(subscriber, build, { upTo, careful });
    }
    if (build.status === 'catching_up' && position !== undefined && upTo - position <= subscriber.pageSize) {
      return this.rebuilds.flip(subscriber, upTo);
    }
    return position !== undefined && position < upTo;
  }

  private async failed(build: Build, error: unknown): Promise<boolean> {
    const track = this.trackOf(keyOf(build));
    if (!isConnectionLost(error)) track.failures += 1;
    track.restUntil = performance.now() + Math.min(BACKOFF_CAP_MS, BACKOFF_MS * 2 ** track.failures);
    this.logger.warn({
      msg: 'a projection failed on a page',
      projection: build.name,
      failures: track.failures,
      error: String(error),
    });
    await this.units.run((unit) => noteError(unit, build, error)).catch(() => undefined);
    return false;
  }

  private trackOf(key: string): Track {
    const known = this.tracks.get(key) ?? { failures: 0, restUntil: 0 };
    this.tracks.set(key, known);
    return known;
  }
}

const keyOf = ({ name, slot, shard }: Build): string => `${name} ${slot} ${shard}`;
