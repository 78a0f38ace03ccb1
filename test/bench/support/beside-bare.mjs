import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SCRIPT } from '../catalog/database.mjs';
import { figure, median } from './figures.mjs';
import { load } from './load.mjs';
import { Served } from './served.mjs';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const REQUESTS = Number(process.env.BENCH_REQUESTS ?? 200);
const CONNECTIONS = 4;
/** What every request of the foundation costs beside its work, in CPU microseconds. */
const FIXED_US = 150;

/** CPU of a process, user and system, in microseconds. */
function cpuOf(pid) {
  try {
    const account = readFileSync(`/proc/${pid}/schedstat`, 'utf8');
    return Number(account.split(' ')[0]) / 1_000;
  } catch {
    return 0;
  }
}

/** CPU per request of a server and of the backends that serve it. */
async function cost({ server, url, headers, application, database }) {
  const backends = await database.backends(application);
  const sum = () => backends.reduce((total, pid) => total + cpuOf(pid), 0);
  const [own, theirs] = [await server.cpuMicros(), sum()];
  await load(url, { count: REQUESTS, connections: CONNECTIONS, headers });
  return ((await server.cpuMicros()) - own + sum() - theirs) / REQUESTS;
}

/**
 * One request of the api beside the same statements behind bare Fastify.
 * @param goal CPU of the api's request in ms at most, server and database together
 */
export async function read(name, path, { database, api, goal }) {
  const headers = { authorization: `Bearer ${database.key}` };
  const file = join(tmpdir(), `recrate-bench-${process.pid}-${name}.jsonl`);
  writeFileSync(file, '');
  const recorder = await new Served(SCRIPT, 'ours', { ...database.env, BENCH_RECORD: file }).ready();
  const answer = await fetch(`${recorder.url}${path}`, { headers });
  if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  await answer.json();
  recorder.stop();
  const plain = await new Served(SCRIPT, 'bare', { ...database.env, BENCH_STATEMENTS: file }).ready();
  const a = { server: api, url: `${api.url}${path}`, headers, application: 'recrate-api', database };
  const b = { server: plain, url: plain.url, headers: {}, application: 'bench-bare', database };
  const pairs = [];
  for (const side of [a, b]) await cost(side);
  for (let round = 0; round < ROUNDS; round++) {
    if (round % 2 === 0) pairs.push([await cost(a), await cost(b)]);
    else pairs.push([await cost(b), await cost(a)].reverse());
  }
  plain.stop();
  rmSync(file);
  figure(`${name}-ours`, median(pairs.map(([own]) => own)) / 1_000, 'ms-cpu', goal && { op: '<=', limit: goal });
  figure(`${name}-bare`, median(pairs.map(([, other]) => other)) / 1_000, 'ms-cpu');
  const ratio = median(pairs.map(([own, other]) => (own - FIXED_US) / other));
  figure(`${name}-ratio`, ratio, 'ratio', { op: '<=', limit: 1.6 });
}
