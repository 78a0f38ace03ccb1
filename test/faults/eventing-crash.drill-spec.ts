import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KillRun } from '../support/kill-run.js';
import { OwnPostgres } from '../support/own-postgres.js';

const KILLS = 100;

describe('servers and workers that are killed again and again', () => {
  let server: OwnPostgres;
  let run: KillRun;

  beforeAll(async () => {
    server = await OwnPostgres.create();
    run = await KillRun.open(server.database);
  });
  afterAll(async () => {
    await run.close();
    await server.remove();
  });

  it(`lose nothing and do nothing twice in ${KILLS} kills`, async () => {
    await run.restart();
    const stop = run.write(4);
    for (let n = 0; n < KILLS; n++) {
      await sleep(Math.random() * 1_500);
      // The server, the worker, or both.
      if (n % 3 !== 1) await server.kill();
      if (n % 3 !== 0) await run.restart();
      if (n % 3 !== 1) await server.start();
    }
    await stop();
    const faults = await run.finish(await run.restart());
    process.stdout.write(
      `figure crash-kills ${KILLS} kills, ${run.done} entries acknowledged, ${faults.length} faults\n`,
    );
    expect(faults).toEqual([]);
  }, 1_800_000);
});
