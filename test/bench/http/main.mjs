import { figure, median } from '../support/figures.mjs';
import { load } from '../support/load.mjs';
import { answerParent, Served } from '../support/served.mjs';
import { bareNest, barePool, HTTP_SCRIPT, ours } from './servers.mjs';
import { prepareDatabase } from './database.mjs';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 7);
const REQUESTS = Number(process.env.BENCH_REQUESTS ?? 4_000);
const CONNECTIONS = 16;
const MODES = { 'bare-nest': bareNest, 'bare-pool': barePool, ours };

/** CPU microseconds of the server per request. */
async function cost(server, url, headers, bytes) {
  const before = await server.cpuMicros();
  await load(url, { count: REQUESTS, connections: CONNECTIONS, headers, bytes });
  return ((await server.cpuMicros()) - before) / REQUESTS;
}

/** Runs both sides in turn, so that a change of the machine's speed meets both. */
async function compare(a, b) {
  await a();
  await b();
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++)
    rounds.push(round % 2 === 0 ? [await a(), await b()] : await turned(a, b));
  return rounds;
}

async function turned(a, b) {
  const second = await b();
  return [await a(), second];
}

async function main() {
  const { env, key, drop } = await prepareDatabase();
  const headers = { authorization: `Bearer ${key}` };
  const servers = [];
  const serve = async (mode) => {
    const server = new Served(HTTP_SCRIPT, mode, env);
    servers.push(server);
    return server.ready();
  };
  try {
    const [nest, pool, api] = [await serve('bare-nest'), await serve('bare-pool'), await serve('ours')];
    const empty = await compare(
      () => cost(api, `${api.url}/api/v1/bench/empty`, headers),
      () => cost(nest, nest.url, {}),
    );
    figure('http-empty-ours', median(empty.map(([a]) => a)), 'us-cpu');
    figure('http-empty-bare-nest', median(empty.map(([, b]) => b)), 'us-cpu');
    figure('http-empty-difference', median(empty.map(([a, b]) => a - b)), 'us-cpu', { op: '<=', limit: 150 });
    const read = await compare(
      () => cost(api, `${api.url}/api/v1/bench/things`, headers, 1_500),
      () => cost(pool, pool.url, {}, 1_500),
    );
    figure('http-read-20-ours', median(read.map(([a]) => a)), 'us-cpu');
    figure('http-read-20-bare', median(read.map(([, b]) => b)), 'us-cpu');
    figure('http-read-20-ratio', median(read.map(([a, b]) => a / b)), 'ratio', { op: '<=', limit: 2.5 });
  } finally {
    for (const server of servers) server.stop();
    await drop();
  }
}

const mode = process.argv[3];
if (process.argv[2] === '--serve') answerParent(await MODES[mode]());
else await main();
