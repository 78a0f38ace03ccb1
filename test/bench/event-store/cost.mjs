import { readFileSync } from 'node:fs';
import { figure } from '../support/figures.mjs';

/** CPU microseconds of a process so far, from the scheduler's own account, else from its clock ticks; undefined when it has gone. */
function cpuOf(pid) {
  const account = textOf(`/proc/${pid}/schedstat`);
  if (account) return Number(account.split(' ')[0]) / 1_000;
  const ticks = textOf(`/proc/${pid}/stat`)?.split(') ')[1]?.split(' ');
  return ticks && (Number(ticks[11]) + Number(ticks[12])) * 10_000;
}

function textOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

const ownCpu = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

/** One of two things to compare: what it does once, and the backends that do it. */
export class Side {
  /** @param {{ backends: () => Promise<number[]>, lanes: number, one: (lane: number) => Promise<unknown> }} how */
  constructor(how) {
    Object.assign(this, how);
  }

  /** CPU microseconds of server and client together, each time `one` is done. */
  async cost(count) {
    const backends = await this.backends();
    const before = new Map(backends.map((pid) => [pid, cpuOf(pid)]));
    const ownBefore = ownCpu();
    let done = 0;
    const lane = async (index) => {
      while (done < count) {
        done += 1;
        await this.one(index);
      }
    };
    await Promise.all(Array.from({ length: this.lanes }, (_, index) => lane(index)));
    const own = ownCpu() - ownBefore;
    // A backend that has gone meanwhile was idle.
    const server = backends.reduce((sum, pid) => sum + Math.max((cpuOf(pid) ?? 0) - (before.get(pid) ?? 0), 0), 0);
    return (server + own) / count;
  }
}

/** Costs of both sides, measured in turn, so that a change of the machine's speed meets both. */
export async function compare(ours, theirs, { rounds, count }) {
  for (const side of [ours, theirs, ours, theirs]) await side.cost(count);
  const pairs = [];
  for (let round = 0; round < rounds; round++) {
    const [first, second] = round % 2 === 0 ? [ours, theirs] : [theirs, ours];
    const [a, b] = [await first.cost(count), await second.cost(count)];
    pairs.push(round % 2 === 0 ? [a, b] : [b, a]);
  }
  return pairs;
}

/** What others do on the machine only ever adds to a cost: the lower quartile of some costs is nearest to it. */
const quartile = (costs) => costs.toSorted((a, b) => a - b)[Math.floor(costs.length / 4)];

/**
 * Prints both costs per piece and their ratio.
 * @param pairs as `compare` answers them
 * @param how `inverse` says how much dearer the other side is, instead of ours
 */
export function report(name, pairs, { pieces = 1, goal, other = 'raw', inverse = false } = {}) {
  const [ours, theirs] = [quartile(pairs.map(([a]) => a)), quartile(pairs.map(([, b]) => b))];
  figure(`${name}-ours`, ours / pieces, 'us-cpu');
  figure(`${name}-${other}`, theirs / pieces, 'us-cpu');
  figure(`${name}-ratio`, inverse ? theirs / ours : ours / theirs, 'ratio', goal);
}
