import { createServer } from 'node:net';
import { readJson, writeJson } from './files.mjs';
import { SetupError } from './setup-error.mjs';

const LAST_PORT = 65_535;
/** Below the range from which Linux and macOS take ports for outgoing connections. */
const QUIET_RANGE = { from: 20_000, size: 12_000 };

/** The host is at fault, not the port: no other port would do. */
const HOST_TROUBLE = new Set(['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN', 'EINVAL']);

/**
 * A port as somebody set it.
 * @param {NodeJS.ProcessEnv} env
 * @param {string} name of the variable
 * @param {number} otherwise when it is not set
 * @param {number} [highest] where ports above it are needed as well
 * @returns {number}
 */
export function portFrom(env, name, otherwise, highest = LAST_PORT) {
  const text = env[name];
  if (!text) return otherwise;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > highest) throw new SetupError(`${name} must be a whole number from 1 to ${highest}.`);
  return port;
}

/**
 * @param {number} port
 * @param {string} host
 * @returns {Promise<boolean>}
 * @throws SetupError when the host is not one to listen on
 */
export function isFree(port, host = '127.0.0.1') {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', ({ code }) => {
      if (!HOST_TROUBLE.has(code)) return resolve(false);
      reject(
        new SetupError(`HOST=${host} is no address of this machine (${code}): set it to one that is, or unset it.`),
      );
    });
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/**
 * @param {number} first tried first, then the ones above it
 * @param {{ host?: string, avoid?: Iterable<number> }} [options] `avoid`: promised to another part that is not up yet
 * @returns {Promise<number>}
 */
export async function nextFree(first, { host, avoid = [] } = {}) {
  const promised = new Set(avoid);
  for (let port = first; port <= LAST_PORT; port += 1) {
    if (!promised.has(port) && (await isFree(port, host))) return port;
  }
  throw new SetupError(`No port from ${first} upwards is free.`);
}

/**
 * A port nobody asked for by number, spread so that two clones rarely try the same one.
 * @param {number} seed
 */
export const quietPort = (seed) => QUIET_RANGE.from + (Math.abs(Math.trunc(seed)) % QUIET_RANGE.size);

/** Ports by the name of the part, kept in a file so that addresses stay the same from start to start. */
export class PortMemory {
  /** @param {string} path */
  constructor(path) {
    this.path = path;
    this.ports = readJson(path) ?? {};
    this.claimed = new Map();
    this.turn = Promise.resolve();
  }

  /**
   * @param {string} name
   * @param {number} wanted where to look when nothing is remembered
   * @param {{ host?: string, insist?: boolean }} [options] `insist`: asked for by the owner, so memory neither counts nor changes
   * @returns {Promise<number>} the remembered port, or the next free one
   */
  claim(name, wanted, options) {
    // One at a time: two parts that look at once would find the same port.
    const mine = this.turn.then(() => this.#claimNow(name, wanted, options));
    this.turn = mine.catch(() => undefined);
    return mine;
  }

  async #claimNow(name, wanted, { host, insist = false } = {}) {
    const first = insist ? wanted : (this.ports[name] ?? wanted);
    this.claimed.delete(name);
    const port = await nextFree(first, { host, avoid: this.claimed.values() });
    this.claimed.set(name, port);
    // What is asked for today need not be wanted tomorrow.
    if (!insist && this.ports[name] !== port) {
      this.ports[name] = port;
      writeJson(this.path, this.ports);
    }
    return port;
  }

  /**
   * A port that may still move while its part has never been up: somebody may have been quicker. From then on others
   * know the address, and it stays.
   * @param {string} name
   * @param {number} wanted
   * @param {{ host?: string, insist?: boolean }} [options]
   */
  pick(name, wanted, options) {
    let port;
    let settled = false;
    return {
      now: async () => (settled ? port : (port = await this.claim(name, wanted, options))),
      settle: () => {
        settled = true;
        return port;
      },
    };
  }
}
