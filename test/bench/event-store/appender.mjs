import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { FeedWakeUps } from '../../../dist/libs/platform/eventing/src/feed/wake-ups.js';
import { Ours } from './sides.mjs';
import { event, streamsOf } from './workload.mjs';

const TICK_MS = 5;
const LANES = 8;

/** Appends at a rate from a process of its own, and says how long each append took from the moment it was due. */
export class Appender {
  constructor(rtUrl, perSecond) {
    this.child = fork(fileURLToPath(import.meta.url), [rtUrl, String(perSecond)], { stdio: ['ignore', 2, 2, 'ipc'] });
  }

  /** Latencies in ms of the appends since the last call, in rising order. */
  latencies() {
    return new Promise((resolve, reject) => {
      const ended = (code) => reject(new Error(`the appender ended with ${code}`));
      this.child.once('exit', ended);
      this.child.once('message', (answer) => {
        this.child.off('exit', ended);
        resolve(answer.sort((a, b) => a - b));
      });
      this.child.send('latencies');
    });
  }

  stop() {
    this.child.kill('SIGKILL');
  }
}

/** The value below which so many percent of the sorted values are. */
export const percentile = (sorted, percent) =>
  sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? 0;

function run(rtUrl, perSecond) {
  const ours = new Ours(rtUrl, LANES);
  const wakeUps = new FeedWakeUps(ours.databases);
  ours.appends.listen(() => wakeUps.send());
  const next = streamsOf(LANES);
  const startedAt = performance.now();
  const busy = new Set();
  let [begun, latencies] = [0, []];
  const queue = [];
  const lane = async (index) => {
    busy.add(index);
    for (let due = queue.shift(); due !== undefined; due = queue.shift()) {
      const target = next(index);
      await ours.store.append(target.stream, [event], { expected: target.version });
      target.version += 1;
      latencies.push(performance.now() - due);
    }
    busy.delete(index);
  };
  setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) * perSecond) / 1_000);
    for (; begun < due; begun++) queue.push(startedAt + (begun * 1_000) / perSecond);
    for (let index = 0; index < LANES; index++) if (!busy.has(index)) void lane(index);
  }, TICK_MS);
  process.on('message', () => {
    process.send(latencies);
    latencies = [];
  });
  process.on('disconnect', () => process.exit());
}

const [, script, rtUrl, perSecond] = process.argv;
if (script === fileURLToPath(import.meta.url)) run(rtUrl, Number(perSecond));
