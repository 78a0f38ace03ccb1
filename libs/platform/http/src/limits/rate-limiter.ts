import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { RedisConnection } from '#platform/persistence';
import type { Bucket, Verdict } from './bucket.js';
import { LocalWindows } from './local-windows.js';

/**
 * Counts one request against all buckets or, when one is full, against none. A window starts with its first request, so a
 * limit of 100 in 10 s lets exactly 100 through however many processes ask. One round trip.
 */
const CONSUME = `
local states = {}
local full = 0
for i, key in ipairs(KEYS) do
  local used = tonumber(redis.call('GET', key) or '0')
  local ttl = redis.call('PTTL', key)
  states[i] = { used, ttl }
  if used >= tonumber(ARGV[i * 2 - 1]) then full = 1 end
end
local out = { full }
for i, key in ipairs(KEYS) do
  local used, ttl = states[i][1], states[i][2]
  if full == 0 then
    used = redis.call('INCR', key)
    if ttl < 0 then
      ttl = tonumber(ARGV[i * 2])
      redis.call('PEXPIRE', key, ttl)
    end
  end
  out[#out + 1] = used
  out[#out + 1] = ttl
end
return out`;
const CONSUME_SHA = createHash('sha1').update(CONSUME).digest('hex');

/** Rate limits shared by all api processes through Redis; counted by each process alone while Redis is away. */
@Injectable()
export class RateLimiter {
  private readonly local: LocalWindows;

  /** @param processes how many api processes share the limits: while Redis is away each grants its part */
  constructor(
    private readonly redis: RedisConnection,
    processes: number,
  ) {
    this.local = new LocalWindows(processes);
  }

  /** Counts one request. Never throws: a Redis that fails or stalls hands over to the local count. */
  async consume(buckets: readonly Bucket[]): Promise<Verdict> {
    if (!this.redis.isUp) return this.local.consume(buckets);
    try {
      return verdict(buckets, await this.ask(buckets));
    } catch {
      return this.local.consume(buckets);
    }
  }

  private async ask(buckets: readonly Bucket[]): Promise<number[]> {
    const keys = buckets.map((bucket) => bucket.key);
    const args = buckets.flatMap((bucket) => [bucket.limit, bucket.windowMs]);
    try {
      return (await this.redis.client.evalsha(CONSUME_SHA, keys.length, ...keys, ...args)) as number[];
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return (await this.redis.client.eval(CONSUME, keys.length, ...keys, ...args)) as number[];
    }
  }
}

function verdict(buckets: readonly Bucket[], answer: readonly number[]): Verdict {
  const states = buckets.map(({ limit, windowMs }, index) => {
    const used = answer[1 + index * 2] ?? limit;
    const ttl = answer[2 + index * 2] ?? windowMs;
    return { remaining: Math.max(0, limit - used), resetMs: ttl < 0 ? windowMs : ttl };
  });
  return { allowed: answer[0] === 0, states };
}
