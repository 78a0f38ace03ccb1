import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { newUuid } from '#platform/kernel';
import {
  type FeedReader,
  keepingReader,
  orderFaults,
  productReader,
  type Seen,
  storedEvents,
} from '../support/feed-readers.js';
import { FeedWriter } from '../support/feed-writer.js';
import { KillRun } from '../support/kill-run.js';
import { OwnPostgres } from '../support/own-postgres.js';
import { eventually } from '../support/redis-server.js';

describe('a server that is killed', () => {
  let server: OwnPostgres;

  beforeAll(async () => {
    server = await OwnPostgres.create();
  });
  afterAll(async () => {
    await server.remove();
  });

  /** Polls again until the server answers. */
  async function poll(reader: FeedReader): Promise<Seen[]> {
    for (let tries = 0; ; tries++) {
      try {
        return await reader.poll();
      } catch (error) {
        if (tries === 100) throw error;
        await sleep(50);
      }
    }
  }

  it('skips nothing of a prepared transaction that comes back; a fence kept over the crash does (mutant 7)', async () => {
    const { database } = server;
    const [reader, mutant] = [productReader(database), keepingReader(database)];
    const [right, wrong]: [Seen[], Seen[]] = [[], []];
    const before = await FeedWriter.connect(database.rtUrl, newUuid());
    await before.sql('begin');
    await before.append(newUuid());
    await before.sql(`prepare transaction 'held'`);
    right.push(...(await poll(reader)));
    wrong.push(...(await poll(mutant)));
    await server.kill();
    await before.close();
    await server.start();
    right.push(...(await poll(reader)));
    wrong.push(...(await poll(mutant)));
    await database.admin(`commit prepared 'held'`).catch(() => commitAs(database.rtUrl));
    const after = await FeedWriter.connect(database.rtUrl, newUuid());
    await after.append(newUuid());
    await after.close();
    for (let n = 0; n < 4; n++) {
      right.push(...(await poll(reader)));
      wrong.push(...(await poll(mutant)));
    }
    await reader.close();
    const stored = await storedEvents(database);
    expect(orderFaults(right, stored)).toEqual([]);
    expect(orderFaults(wrong, stored)).toEqual([expect.stringContaining('skip')]);
  });

  /** Only who prepared a transaction, or a superuser, may commit it. */
  async function commitAs(url: string): Promise<void> {
    const client = await FeedWriter.connect(url, newUuid());
    await client.sql(`commit prepared 'held'`);
    await client.close();
  }

  it('loses no acknowledged append and doubles no effect; streams are whole, and the view equals its rebuild', async () => {
    const run = await KillRun.open(server.database);
    await run.restart();
    const stop = run.write(3);
    for (let n = 0; n < 2; n++) {
      const before = run.done;
      await eventually('much is written', () => run.done > before + 100);
      await server.kill();
      await server.start();
    }
    await stop();
    expect(await run.finish(await run.restart())).toEqual([]);
    await run.close();
  });
});
