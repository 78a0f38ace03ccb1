import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisConnection } from '#platform/persistence';
import { newUuid } from '#platform/kernel';
import { RateLimiter } from './rate-limiter.js';

const url = process.env['TEST_REDIS_URL'];

describe('RateLimiter', () => {
  const connections = Array.from(
    { length: 4 },
    (_, index) => new RedisConnection({ url, connectionName: `limits-${index}` }),
  );
  const limiters = connections.map((connection) => new RateLimiter(connection, 4));

  beforeAll(() => Promise.all(connections.map((connection) => connection.onModuleInit())));
  afterAll(() => connections.forEach((connection) => connection.close()));

  const bucket = (limit: number, windowMs = 10_000) => ({ key: `recrate:p:test:${newUuid()}`, limit, windowMs });
  const flood = async (
    which: readonly RateLimiter[],
    buckets: ReturnType<typeof bucket>[],
    requests: number,
  ): Promise<number> => {
    const asked = Array.from({ length: requests }, (_, index) =>
      (which[index % which.length] ?? limiters[0])?.consume(buckets),
    );
    const verdicts = await Promise.all(asked.filter((answer) => answer !== undefined));
    return verdicts.filter((verdict) => verdict.allowed).length;
  };

  it('lets exactly the limit through, however many processes ask at once', async () => {
    expect(await flood(limiters, [bucket(100)], 2_000)).toBe(100);
  });

  it('counts a refused request against no bucket', async () => {
    const narrow = bucket(3);
    const wide = bucket(100);
    expect(await flood(limiters, [narrow, wide], 50)).toBe(3);
    const verdict = await limiters[0]?.consume([wide]);
    expect(verdict?.states[0]?.remaining).toBe(96);
  });

  it('says what is left and when the window ends', async () => {
    const verdict = await limiters[0]?.consume([bucket(5)]);
    expect(verdict).toMatchObject({ allowed: true, states: [{ remaining: 4 }] });
    expect(verdict?.states[0]?.resetMs).toBeGreaterThan(9_000);
  });

  it('starts a new window when the old one has ended', async () => {
    const short = bucket(2, 150);
    expect(await flood(limiters, [short], 10)).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await flood(limiters, [short], 10)).toBe(2);
  });

  it('goes on when the script is unknown to Redis', async () => {
    const one = bucket(10);
    await connections[0]?.client.script('FLUSH');
    expect(await flood(limiters, [one], 20)).toBe(10);
  });

  it('counts alone, its part of the limit, while Redis is away', async () => {
    const away = Array.from({ length: 4 }, () => new RateLimiter(new RedisConnection({ connectionName: 'away' }), 4));
    expect(await flood(away, [bucket(100)], 2_000)).toBe(100);
  });
});
