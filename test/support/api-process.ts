import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestDatabase } from './database.js';
import { CODE_CACHE, ROOT } from './project.js';
import { eventually } from './redis-server.js';

/** Only ends what will never come about: several apis that start at once on a busy machine take their time. */
const START_WITHIN_MS = 60_000;

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A built app in a process of its own. */
export interface AppProcess {
  readonly pid: number;
  /** Log lines so far. */
  readonly lines: readonly string[];
  /** Resolves when it has ended. */
  readonly ended: Promise<Ending>;
  signal(signal: NodeJS.Signals): void;
  /** Memory that it holds, in MiB. */
  residentMib(): number;
  /** The most memory that it has held so far, in MiB. */
  peakMib(): number;
  /** Ends it at once, if it has not ended. */
  kill(): Promise<void>;
}

/** The built api in a process of its own. */
export interface ApiProcess extends AppProcess {
  readonly url: string;
  readonly adminUrl: string;
}

/** Settings of an api over a database of the test; several processes share them. */
export function apiSettings(database: TestDatabase, own: Record<string, string> = {}): Record<string, string> {
  return {
    NODE_ENV: 'test',
    PORT: '0',
    ADMIN_PORT: '0',
    DATABASE_URL_RT: database.rtUrl,
    DATABASE_URL_PLATFORM: database.platformUrl,
    REDIS_URL: process.env['TEST_REDIS_URL'] ?? '',
    RECRATE_SECRET: randomBytes(32).toString('base64url'),
    OPERATOR_TOKEN: `op_${randomBytes(32).toString('base64url')}`,
    TRUSTED_PROXIES: '1',
    ACQUIRE_TIMEOUT_MS: '10000',
    ...own,
  };
}

/** Several apis over one database. When one does not start, none stays behind. */
export async function startApiProcesses(settings: Record<string, string>, count: number): Promise<ApiProcess[]> {
  const starts = await Promise.allSettled(Array.from({ length: count }, () => startApiProcess(settings)));
  const started = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  const failed = starts.find((start) => start.status === 'rejected');
  if (!failed) return started;
  await Promise.all(started.map((process) => process.kill()));
  throw failed.reason;
}

interface Running {
  readonly child: ChildProcess;
  readonly output: string[];
  readonly ended: Promise<Ending>;
}

/** Runs the api's main file with exactly these settings. */
export function runApi(settings: Record<string, string>): Running {
  return runApp('api', settings);
}

function runApp(app: 'api' | 'worker', settings: Record<string, string>): Running {
  const main = join(ROOT, `dist/apps/${app}/src/main.js`);
  const env = { PATH: process.env['PATH'], NODE_COMPILE_CACHE: CODE_CACHE, ...settings };
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream.on('data', (piece: Buffer) => {
      const lines = (rest + piece.toString()).split('\n');
      rest = lines.pop() ?? '';
      output.push(...lines.map((line) => `${line}\n`));
    });
  }
  const ended = once(child, 'exit').then(([code, signal]) => ({ code, signal }) as Ending);
  return { child, output, ended };
}

/** Starts the api and waits until it listens. */
export async function startApiProcess(settings: Record<string, string>): Promise<ApiProcess> {
  const running = runApi(settings);
  const { url, adminPort } = await said<{ url: string; adminPort: number }>(running, 'the api listens');
  return { ...processOf(running), url, adminUrl: `http://127.0.0.1:${adminPort}` };
}

/** Starts the built worker and waits until it runs. */
export async function startWorkerProcess(settings: Record<string, string>): Promise<AppProcess> {
  const running = runApp('worker', settings);
  await said(running, 'the worker runs');
  return processOf(running);
}

/** The line in which a process says so. @throws when it ends before */
async function said<T>({ child, output, ended }: Running, words: string): Promise<T> {
  const line = (): string | undefined => output.find((text) => text.includes(words));
  const died = ended.then(({ code }) => Promise.reject(new Error(`it ended with ${code}: ${output.join('')}`)));
  died.catch(() => undefined);
  try {
    await Promise.race([eventually(words, () => line() !== undefined, START_WITHIN_MS), died]);
  } catch (error) {
    // Nobody else knows of it, so nobody else would end it.
    child.kill('SIGKILL');
    throw error;
  }
  return JSON.parse(line() ?? '{}') as T;
}

function processOf({ child, output, ended }: Running): AppProcess {
  const pid = child.pid ?? 0;
  return {
    pid,
    lines: output,
    ended,
    signal: (signal) => void child.kill(signal),
    residentMib: () => memoryMib(pid, 'VmRSS'),
    peakMib: () => memoryMib(pid, 'VmHWM'),
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Memory of a process as the kernel counts it. */
function memoryMib(pid: number, name: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1024;
}
