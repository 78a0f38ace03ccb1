import { Inject, Injectable } from '@nestjs/common';
import { platformKey, RedisConnection } from '#platform/persistence';

/** Where workers hear that there is work. */
export const WAKE_CHANNEL = platformKey('jobs', 'wake');

/** Tells the workers that there is work, so that they look before their next round. A lost one costs only that wait. */
@Injectable()
export class WakeUps {
  constructor(@Inject(RedisConnection) private readonly redis: RedisConnection) {}

  /** Never waits and never fails. */
  send(): void {
    if (this.redis.isUp) this.redis.client.publish(WAKE_CHANNEL, '').catch(() => undefined);
  }
}
