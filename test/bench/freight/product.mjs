import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { launchOf } from '../../../tools/lib/apps.mjs';
import { prepareDatabase } from '../event-store/database.mjs';

const WITHIN_MS = 60_000;
const TICKS_PER_SECOND = 100;
const OVER = ['completed', 'completed_with_errors', 'failed', 'cancelled'];

/** Memory of a process in MiB: what it holds now, and the most it ever held. */
export function memoryOf(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const read = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1024;
  return { now: read('VmRSS'), peak: read('VmHWM') };
}

/** CPU microseconds of all threads of a process so far. */
function cpuOfAll(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1e6;
}

/** api and workers as `npm start` runs them, with the same flags, in processes of their own on a database of their own. */
export class Product {
  static async start({ workers, redisUrl = process.env.TEST_REDIS_URL, settings = {} }) {
    const made = new Product();
    made.database = await prepareDatabase();
    made.uploads = mkdtempSync(join(tmpdir(), 'recrate-bench-'));
    made.env = {
      NODE_ENV: 'test',
      PORT: '0',
      ADMIN_PORT: '0',
      DATABASE_URL_RT: made.database.rtUrl,
      DATABASE_URL_PLATFORM: made.database.platformUrl,
      DATABASE_URL_WORKER: made.database.workerUrl,
      REDIS_URL: redisUrl,
      RECRATE_SECRET: randomBytes(32).toString('base64url'),
      OPERATOR_TOKEN: `op_${randomBytes(32).toString('base64url')}`,
      UPLOADS_FOLDER: made.uploads,
      ...settings,
    };
    made.children = [];
    made.api = await made.run('api', 'the api listens');
    made.workers = [];
    for (let index = 0; index < workers; index++) made.workers.push(await made.run('worker', 'the worker runs'));
    return made;
  }

  /** Starts an app and waits until it says so. */
  async run(name, words) {
    const { args, env } = launchOf(name);
    const child = spawn(process.execPath, args, {
      env: { PATH: process.env.PATH, ...env, ...this.env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.children.push(child);
    let output = '';
    let line;
    child.stdout.on('data', (piece) => {
      if (line !== undefined) return;
      output += piece;
      line = output.split('\n').find((text) => text.includes(words) && text.endsWith('}'));
    });
    const deadline = Date.now() + WITHIN_MS;
    while (line === undefined) {
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`${name} did not start: ${output}`);
      await sleep(20);
    }
    return { pid: child.pid, url: JSON.parse(line).url };
  }

  async call(method, path, { token, body, headers = {} }) {
    const answer = await fetch(`${this.api.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(method === 'POST' && { 'idempotency-key': randomUUID() }),
        ...(body && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`);
    return answer.json();
  }

  /** A new store with a key. */
  async newStore() {
    const token = this.env.OPERATOR_TOKEN;
    const { id } = await this.call('POST', '/platform/tenants', {
      token,
      body: { name: 'Bench Records', mode: 'test' },
    });
    const { key } = await this.call('POST', `/platform/tenants/${id}/api-keys`, { token, body: { name: 'bench' } });
    await this.database.run(
      'update identity.tenant set requests_per_minute = 1000000000, key_requests_per_10_seconds = 1000000000',
    );
    return { id, key };
  }

  /** Streams a file to the api. @returns the upload's id */
  async upload({ key }, source) {
    const answer = await fetch(`${this.api.url}/api/v1/uploads`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/octet-stream' },
      body: source,
      duplex: 'half',
    });
    if (answer.status !== 201) throw new Error(`the upload answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()).id;
  }

  startJob({ key }, uploadId, input) {
    return this.call('POST', '/jobs', { token: key, body: { kind: 'import', source: { uploadId }, ...input } });
  }

  job({ key }, id) {
    return this.call('GET', `/jobs/${id}`, { token: key });
  }

  /** The job when it is over. @param onLook hears of it each time it is looked at, and how long the answer took, in ms */
  async over(store, id, { everyMs = 200, onLook = () => undefined } = {}) {
    for (;;) {
      const asked = performance.now();
      const job = await this.job(store, id);
      onLook(job, performance.now() - asked);
      if (OVER.includes(job.state)) return job;
      await sleep(everyMs);
    }
  }

  /** CPU microseconds so far: of the workers, and of the database's processes that serve them. */
  async workersCpu(cpuOfBackend) {
    const backends = await this.database.backends('recrate-worker');
    return {
      node: this.workers.reduce((sum, { pid }) => sum + cpuOfAll(pid), 0),
      byBackend: new Map(backends.map((pid) => [pid, cpuOfBackend(pid)])),
    };
  }

  async stop() {
    for (const child of this.children) child.kill('SIGKILL');
    await this.database.drop();
    rmSync(this.uploads, { recursive: true, force: true });
  }
}
