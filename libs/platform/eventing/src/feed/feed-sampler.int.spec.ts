import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { newUuid } from '#platform/kernel';
import { renderMetrics } from '#platform/telemetry';
import { createTestDatabase, type TestDatabase } from '../../../../../test/support/database.js';
import { workerUnits } from '../../../../../test/support/feed-readers.js';
import { FeedWriter } from '../../../../../test/support/feed-writer.js';
import { eventually } from '../../../../../test/support/redis-server.js';
import { FeedSampler } from './feed-sampler.js';
import { FeedWakeUps } from './wake-ups.js';

describe('watching the feed', () => {
  let database: TestDatabase;
  let sampler: FeedSampler;
  let writer: FeedWriter;

  beforeEach(async () => {
    database = await createTestDatabase();
    sampler = new FeedSampler({ directUrl: database.workerUrl, applicationName: 'test-feed' });
    writer = await FeedWriter.connect(database.rtUrl, newUuid());
  });
  afterEach(async () => {
    await sampler.stop();
    await writer.close();
    await database.drop();
  });

  const cut = () =>
    database.admin(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'test-feed' and datname = current_database()`,
    );
  const gauge = async (name: string): Promise<number> =>
    Number(new RegExp(`^${name} (\\S+)$`, 'm').exec((await renderMetrics()).body)?.[1]);

  it('finds what is committed by itself', async () => {
    sampler.start();
    const position = await writer.append(newUuid(), 3);
    await eventually('it is let through', () => sampler.position >= position + 2);
    expect(await gauge('app_feed_fence_position')).toBe(position + 2);
  });

  it('opens one connection, however many samples are asked for before it is there', async () => {
    const positions = await Promise.all([sampler.sample(), sampler.sample(), sampler.sample()]);
    expect(positions).toEqual([0, 0, 0]);
    const connections = `select 1 from pg_stat_activity where application_name = 'test-feed' and datname = current_database()`;
    expect(await database.admin(connections)).toHaveLength(1);
  });

  it('goes on after its connection was cut, again and again', async () => {
    sampler.start();
    for (let n = 0; n < 3; n++) {
      const position = await writer.append(newUuid());
      await eventually('it is let through', () => sampler.position >= position);
      await cut();
    }
  });

  it('forgets the sample it kept when its connection is cut', async () => {
    await writer.sql('begin');
    const held = await writer.append(newUuid());
    expect(await sampler.sample()).toBe(0);
    await cut();
    // The loss may be noticed before the next sample or by it.
    expect(await sampler.sample().catch(() => 0)).toBe(0);
    expect(await sampler.sample()).toBe(0);
    await writer.sql('commit');
    expect(await sampler.sample()).toBe(held);
  });

  it('tells at once what is announced, however often within a moment, and measures its age', async () => {
    const { databases } = workerUnits(database, 1);
    const wakeUps = new FeedWakeUps(databases);
    let told = 0;
    sampler.onNews(() => (told += 1));
    sampler.start();
    await eventually(
      'it listens',
      async () =>
        (
          await database.admin(
            `select 1 from pg_stat_activity where query like 'select last_drawn%' and datname = current_database()`,
          )
        ).length > 0,
    );
    for (let n = 0; n < 50; n++) wakeUps.send();
    await eventually('it is told', () => told > 0, 200);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(told).toBeLessThanOrEqual(2);
    await databases.close();
  });

  it('shows how long an appender holds back the feed', async () => {
    sampler.start();
    await writer.sql('begin');
    await writer.append(newUuid());
    await eventually('the fence ages', async () => (await gauge('app_feed_fence_age_seconds')) > 0.3);
    await writer.sql('rollback');
    await eventually('the fence is open', async () => (await gauge('app_feed_fence_age_seconds')) === 0);
  });
});
