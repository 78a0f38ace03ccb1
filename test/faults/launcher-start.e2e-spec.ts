import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/redis-server.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const LEFT_OUT = new Set(['node_modules', 'dist', '.data', 'coverage', '.git']);
const UP = /Ctrl-C stops everything/;
const PARTS = ['api', 'worker', 'Redis', 'PostgreSQL'] as const;
/** A first start builds and makes a database; the machine may be busy with the other tests. */
const START_MS = 50_000;

/** A fresh clone that shares the installed dependencies, and the Redis that was fetched if there is one. */
function clone(): string {
  const dir = mkdtempSync(join(tmpdir(), 'recrate-clone-'));
  // The database's user must be able to pass.
  chmodSync(dir, 0o755);
  cpSync(root, dir, { recursive: true, filter: (path) => !LEFT_OUT.has(basename(path)) });
  symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'));
  const fetched = join(root, '.data', 'redis');
  if (existsSync(fetched)) cpSync(fetched, join(dir, '.data', 'redis'), { recursive: true, verbatimSymlinks: true });
  return dir;
}

/** One `npm start` in a terminal of its own. */
class Start {
  output = '';
  private readonly child: ChildProcess;
  private readonly over: Promise<unknown>;

  constructor(private readonly dir: string) {
    // Nothing of the test's environment: a database or a secret in it would be taken for the owner's wish.
    const env = { PATH: process.env['PATH'], HOME: process.env['HOME'] };
    this.child = spawn('npm', ['start'], { cwd: dir, env, detached: true });
    this.over = once(this.child, 'exit');
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    }
  }

  async shows(pattern: RegExp, withinMs = START_MS): Promise<void> {
    const seen = (): boolean => pattern.test(this.output) || this.child.exitCode !== null;
    await eventually(`${pattern} in:\n${this.output}`, seen, withinMs).catch(() => undefined);
    expect(this.output).toMatch(pattern);
  }

  async exitCode(): Promise<number | null> {
    await this.over;
    return this.child.exitCode;
  }

  interrupt(): void {
    this.child.kill('SIGINT');
  }

  get url(): string {
    return /API\s+(http:\S+)/.exec(this.output)?.[1] ?? '';
  }

  get key(): string {
    return /demo API key\s+(\S+)/.exec(this.output)?.[1] ?? '';
  }

  me(): Promise<Response> {
    return fetch(`${this.url}/me`, { headers: { authorization: `Bearer ${this.key}` } });
  }

  pids(): number[] {
    const { parts } = this.read('run.json') as { parts: Record<string, { pid: number }> };
    return PARTS.map((name) => parts[name]?.pid ?? 0);
  }

  launcher(): number {
    return (this.read('run.lock') as { pid: number }).pid;
  }

  private read(name: string): unknown {
    return JSON.parse(readFileSync(join(this.dir, '.data', name), 'utf8'));
  }
}

function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

const gone = (pids: number[]): Promise<void> =>
  eventually(`${pids.join(', ')} gone`, () => !pids.some(isAlive), 30_000);

describe('npm start in a clone whose node_modules is a link to stale ones', () => {
  it('says so and leaves what is behind the link alone', async () => {
    const dir = clone();
    const others = mkdtempSync(join(tmpdir(), 'recrate-modules-'));
    writeFileSync(join(others, 'theirs'), '');
    rmSync(join(dir, 'node_modules'));
    symlinkSync(others, join(dir, 'node_modules'));
    const start = new Start(dir);
    expect(await start.exitCode()).toBe(1);
    expect(start.output).toContain('node_modules is a link to');
    expect(existsSync(join(others, 'theirs'))).toBe(true);
    for (const made of [dir, others]) rmSync(made, { recursive: true, force: true });
  });
});

describe('npm start in a fresh clone', () => {
  let dir: string;
  let start: Start;
  let key: string;

  beforeAll(async () => {
    dir = clone();
    start = new Start(dir);
    await start.shows(UP);
    key = start.key;
  });
  afterAll(async () => {
    if (existsSync(join(dir, '.data', 'run.json'))) {
      const left = start.pids();
      start.interrupt();
      await gone(left);
    }
    await start.exitCode();
    rmSync(dir, { recursive: true, force: true });
  });

  it('ends with a key that works and keeps it private', async () => {
    expect((await start.me()).status).toBe(200);
    expect(start.output).toContain(`curl -H "Authorization: Bearer ${key}" ${start.url}/me`);
    for (const name of ['demo.json', 'secrets.json'])
      expect(statSync(join(dir, '.data', name)).mode & 0o777).toBe(0o600);
  });

  it('names each step with its time', () => {
    for (const step of ['built', 'PostgreSQL', 'Redis', 'migrations applied', 'api and worker', 'demo tenant made']) {
      expect(start.output).toMatch(new RegExp(`✓ .*${step}.* \\d+\\.\\d\\d s`));
    }
  });

  it('refuses a second start in the same clone in one line', async () => {
    const second = new Start(dir);
    expect(await second.exitCode()).toBe(1);
    expect(second.output).toContain('already runs in this clone');
  });

  it('brings every part back that is killed, and the api answers again', async () => {
    for (const pid of start.pids()) process.kill(pid, 'SIGKILL');
    for (const name of PARTS) await start.shows(new RegExp(`${name} died \\(signal SIGKILL\\), restarting in`));
    for (const name of PARTS) await start.shows(new RegExp(`${name} is back`));
    expect((await start.me()).status).toBe(200);
  });

  it('stops everything it started on Ctrl-C', async () => {
    const pids = start.pids();
    start.interrupt();
    expect(await start.exitCode()).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(existsSync(join(dir, '.data', 'run.json'))).toBe(false);
  });

  it('finds data and key again on the next start, without building anew', async () => {
    start = new Start(dir);
    await start.shows(UP);
    expect(start.key).toBe(key);
    expect((await start.me()).status).toBe(200);
    expect(start.output).toContain('build is current');
    expect(start.output).toContain('demo tenant as before');
  });

  it('clears up after a launcher that was killed', async () => {
    const left = start.pids();
    process.kill(start.launcher(), 'SIGKILL');
    await start.exitCode();
    start = new Start(dir);
    await start.shows(UP);
    expect(start.output).toContain('a start that was killed had left');
    await gone(left);
    expect(start.key).toBe(key);
  });
});
