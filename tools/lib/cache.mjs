import { setTimeout as sleep } from 'node:timers/promises';
import { inData } from './paths.mjs';
import { quietPort } from './ports.mjs';
import { fetchRedis } from './redis-fetch.mjs';
import { HOW_TO_GET_REDIS, findRedis, pingRedis, redisUrl, spawnRedis, waitForRedis } from './redis.mjs';
import { SetupError } from './setup-error.mjs';

/** How often a machine without Redis is looked at again; a handful of file look-ups. */
const LOOK_AGAIN_MS = 15_000;
const GRACE_MS = 10_000;

/**
 * The Redis that is named, found, or fetched; without one the product runs degraded until there is one.
 * @param {import('./launcher.mjs').Context} context
 * @returns {Promise<{ title: string, url: string, notes: string[] }>}
 */
export async function openRedis(context) {
  if (context.env.REDIS_URL) return checkGiven(context.env.REDIS_URL);
  const port = context.ports.pick('redis', quietPort(process.pid * 11));
  const address = () => redisUrl({ port: port.settle(), password: context.secrets.redisPassword });
  try {
    const program = findRedis() ?? (await fetchRedis());
    await startServer(program, port, context);
    return { title: `Redis (${originOf(program)}, port ${port.settle()})`, url: address(), notes: [] };
  } catch (error) {
    await port.now();
    const url = address();
    void startWhenItAppears(port, context, error.message);
    return { title: 'Redis: none, running degraded', url, notes: degraded(error.message) };
  }
}

const degraded = (trouble) => [
  `No Redis (${trouble}): running degraded. The API is up and work waits in PostgreSQL.`,
  `Type: ${HOW_TO_GET_REDIS}. It is picked up within ${LOOK_AGAIN_MS / 1_000} s.`,
];

const originOf = ({ path }) => (path.startsWith(inData()) ? 'fetched for this clone' : path);

async function checkGiven(url) {
  if (!URL.canParse(url)) throw new SetupError('REDIS_URL is no URL: redis://:PASSWORD@HOST:6379/0');
  const trouble = await pingRedis(url);
  if (!trouble) return { title: 'Redis (REDIS_URL)', url, notes: [] };
  const notes = [`REDIS_URL does not answer (${trouble}): running degraded until it does.`];
  return { title: 'Redis (REDIS_URL): no answer, running degraded', url, notes };
}

function startServer(program, port, { secrets, parts }) {
  const password = secrets.redisPassword;
  const logFile = inData('logs', 'redis.log');
  let current;
  return parts.start({
    name: 'Redis',
    logFile,
    signals: ['SIGTERM'],
    graceMs: GRACE_MS,
    launch: async () => {
      current = await port.now();
      const child = spawnRedis(program, { dir: inData('redis-db'), port: current, password, durable: true, logFile });
      return { child, marker: `:${current}` };
    },
    ready: (child) => waitForRedis(redisUrl({ port: current, password }), child),
  });
}

/** The apps were given its address from the beginning and connect by themselves. */
async function startWhenItAppears(port, context, firstTrouble) {
  const { parts, print } = context;
  let told = firstTrouble;
  while (!parts.closed) {
    await sleep(LOOK_AGAIN_MS, undefined, { ref: false });
    const program = findRedis();
    if (!program || parts.closed) continue;
    try {
      await startServer(program, port, context);
      return print(`  ✓ Redis is here (${program.path}, port ${port.settle()})`);
    } catch (error) {
      if (error.message !== told) print(`  ✗ ${error.message}`);
      told = error.message;
    }
  }
}
