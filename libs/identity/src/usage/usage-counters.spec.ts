import { describe, expect, test } from '@jest/globals';
import { type KeyActor, ManualClock } from '#platform/kernel';
import { LastUse } from './last-use.js';
import { UsageCounters } from './usage-counters.js';

const actor = (keyId: string): KeyActor => ({
  kind: 'key',
  tenantId: 'tenant',
  mode: 'test',
  keyId,
  keyName: keyId,
  permissions: new Set(),
});
const count = (apiKeyId: string, day: string, requests: number, refused = 0, errors = 0) => ({
  tenantId: 'tenant',
  apiKeyId,
  day,
  requests,
  refused,
  errors,
});

describe('counting requests', () => {
  test('given answers of every kind, then refusals by a limit and our own failures stand apart', () => {
    const counters = new UsageCounters(new ManualClock());
    for (const status of [200, 201, 304, 400, 404, 423, 429, 429, 500, 503]) counters.add(actor('a'), status);
    expect(counters.drain()).toEqual([count('a', '2026-01-01', 10, 2, 2)]);
    expect(counters.drain()).toEqual([]);
  });

  test('given two keys and midnight in UTC, then each key and day is counted by itself', () => {
    const clock = new ManualClock(new Date('2026-01-01T23:59:59.999Z'));
    const counters = new UsageCounters(clock);
    counters.add(actor('a'), 200);
    counters.add(actor('b'), 200);
    clock.advance(1);
    counters.add(actor('a'), 200);
    expect(counters.drain()).toEqual([
      count('a', '2026-01-01', 1),
      count('b', '2026-01-01', 1),
      count('a', '2026-01-02', 1),
    ]);
  });

  test('given counts that could not be written, then they are added to what came since', () => {
    const counters = new UsageCounters(new ManualClock());
    counters.add(actor('a'), 429);
    const failed = counters.drain();
    counters.add(actor('a'), 500);
    counters.giveBack(failed);
    expect(counters.drain()).toEqual([count('a', '2026-01-01', 2, 1, 1)]);
  });
});

describe('the last use of a key', () => {
  const use = (apiKeyId: string, minute: string) => ({ tenantId: 'tenant', apiKeyId, minute: new Date(minute) });

  test('given many uses within a minute, then it is written once', () => {
    const clock = new ManualClock(new Date('2026-01-01T10:00:10.000Z'));
    const lastUse = new LastUse(clock);
    lastUse.touch(actor('a'));
    lastUse.touch(actor('a'));
    expect(lastUse.drain()).toEqual([use('a', '2026-01-01T10:00:00.000Z')]);
    clock.advance(49_999);
    lastUse.touch(actor('a'));
    expect(lastUse.drain()).toEqual([]);
    clock.advance(1);
    lastUse.touch(actor('a'));
    expect(lastUse.drain()).toEqual([use('a', '2026-01-01T10:01:00.000Z')]);
  });

  test('given a write that failed, then the use is written later, unless there is a newer one', () => {
    const clock = new ManualClock(new Date('2026-01-01T10:00:00.000Z'));
    const lastUse = new LastUse(clock);
    lastUse.touch(actor('a'));
    lastUse.touch(actor('b'));
    const failed = lastUse.drain();
    clock.advance(60_000);
    lastUse.touch(actor('b'));
    lastUse.giveBack(failed);
    expect(lastUse.drain()).toEqual([use('b', '2026-01-01T10:01:00.000Z'), use('a', '2026-01-01T10:00:00.000Z')]);
  });
});
