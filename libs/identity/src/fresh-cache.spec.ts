import { beforeEach, describe, expect, test } from '@jest/globals';
import { FreshCache } from './fresh-cache.js';

let now: number;
let reads: string[];
let source: Map<string, string>;
let cache: FreshCache<string>;

const options = { ttlMs: 800, missTtlMs: 200, most: 3, mostMisses: 2, now: () => now };

beforeEach(() => {
  now = 0;
  reads = [];
  source = new Map([
    ['a', 'A'],
    ['b', 'B'],
  ]);
  cache = new FreshCache({
    ...options,
    load: async (key) => {
      reads.push(key);
      return source.get(key);
    },
  });
});

describe('a cache that stays fresh', () => {
  test('reads once within the time to live and again after it', async () => {
    expect(await cache.get('a')).toBe('A');
    now = 799;
    expect(await cache.get('a')).toBe('A');
    expect(reads).toEqual(['a']);
    source.set('a', 'A2');
    now = 800;
    expect(await cache.get('a')).toBe('A2');
  });

  test('remembers for a shorter time that there is none', async () => {
    expect(await cache.get('x')).toBeUndefined();
    now = 199;
    expect(await cache.get('x')).toBeUndefined();
    expect(reads).toEqual(['x']);
    source.set('x', 'X');
    now = 200;
    expect(await cache.get('x')).toBe('X');
  });

  test('counts the time from the beginning of the reading, since the value may be as old as that', async () => {
    const slow = new FreshCache({
      ...options,
      load: async (key) => {
        reads.push(key);
        now += 500;
        return 'v';
      },
    });
    await slow.get('a');
    now = 799;
    await slow.get('a');
    expect(reads).toEqual(['a']);
    now = 800;
    await slow.get('a');
    expect(reads).toEqual(['a', 'a']);
  });

  test('lets callers of one moment share a reading', async () => {
    const answers = await Promise.all([cache.get('a'), cache.get('a'), cache.get('a')]);
    expect(answers).toEqual(['A', 'A', 'A']);
    expect(reads).toEqual(['a']);
  });

  test('does not make a newcomer wait for a reading that would already be too old', async () => {
    const answers: ((value: string) => void)[] = [];
    const hanging = new FreshCache<string>({ ...options, load: () => new Promise((resolve) => answers.push(resolve)) });
    const early = hanging.get('a');
    now = 800;
    const late = hanging.get('a');
    answers[1]?.('new');
    answers[0]?.('old');
    expect([await early, await late]).toEqual(['old', 'new']);
    expect(await hanging.get('a')).toBe('new');
  });

  test('reads anew what was forgotten', async () => {
    await cache.get('a');
    source.set('a', 'A2');
    cache.forget('a');
    expect(await cache.get('a')).toBe('A2');
  });

  test('drops a reading that was under way when its key was forgotten', async () => {
    const stale = cache.get('a');
    cache.forget('a');
    source.set('a', 'A2');
    const fresh = cache.get('a');
    expect([await stale, await fresh]).toEqual(['A', 'A2']);
    expect(await cache.get('a')).toBe('A2');
    expect(reads).toEqual(['a', 'a']);
  });

  test('forgets by value, and drops every reading under way', async () => {
    await cache.get('a');
    await cache.get('b');
    const pending = cache.get('c');
    cache.forgetWhere((value) => value === 'A');
    await pending;
    await Promise.all([cache.get('a'), cache.get('b'), cache.get('c')]);
    expect(reads).toEqual(['a', 'b', 'c', 'a', 'c']);
  });

  test('forgets everything, misses too', async () => {
    await Promise.all([cache.get('a'), cache.get('x')]);
    cache.clear();
    source.set('x', 'X');
    expect(await Promise.all([cache.get('a'), cache.get('x')])).toEqual(['A', 'X']);
  });

  test('does not remember a failure, and tells all who waited', async () => {
    let healthy = false;
    const failing = new FreshCache<string>({
      ...options,
      load: async () => {
        if (!healthy) throw new Error('away');
        return 'back';
      },
    });
    const outcomes = await Promise.allSettled([failing.get('a'), failing.get('a')]);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected']);
    healthy = true;
    expect(await failing.get('a')).toBe('back');
  });

  test('keeps within its bounds, and misses never push out values', async () => {
    for (const key of ['a', 'b', 'c', 'd', 'e']) source.set(key, key);
    for (const key of ['a', 'b', 'c', 'd', 'e']) await cache.get(key);
    for (const key of ['u', 'v', 'w', 'x', 'y', 'z']) await cache.get(key);
    expect(cache.size).toBe(5);
    reads = [];
    await Promise.all(['c', 'd', 'e', 'y', 'z'].map((key) => cache.get(key)));
    expect(reads).toEqual([]);
    await cache.get('a');
    expect(reads).toEqual(['a']);
  });
});
