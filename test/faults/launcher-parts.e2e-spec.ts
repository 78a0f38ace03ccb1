import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

interface Identity {
  readonly pid: number;
  readonly startedAt: string;
}

const tool = (name: string): Promise<unknown> => import(new URL(`../../tools/lib/${name}.mjs`, import.meta.url).href);

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'recrate-launcher-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const listening = async (server: Server, port = 0): Promise<number> => {
  await once(server.listen(port, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
};

const closed = (server: Server): Promise<unknown> => once(server.close(), 'close');

describe('the pause before a restart', () => {
  it.each([
    [
      'doubles from death to death, up to ten seconds',
      [0, 0, 0, 0, 0, 0, 0, 0],
      [200, 400, 800, 1600, 3200, 6400, 10_000, 10_000],
    ],
    ['starts over after half a minute of health', [0, 0, 29_999, 30_000, 0], [200, 400, 800, 200, 400]],
  ])('%s', async (_name, lives, delays) => {
    const { Backoff } = (await tool('backoff')) as { Backoff: new () => { delayAfter(ranMs: number): number } };
    const backoff = new Backoff();
    expect(lives.map((ranMs) => backoff.delayAfter(ranMs))).toEqual(delays);
  });
});

describe('ports', () => {
  interface Memory {
    claim(name: string, wanted: number, options?: { insist?: boolean }): Promise<number>;
    pick(name: string, wanted: number): { now(): Promise<number>; settle(): number };
  }
  let taken: Server;
  let port: number;
  let open: () => Promise<Memory>;

  beforeEach(async () => {
    const { PortMemory } = (await tool('ports')) as { PortMemory: new (path: string) => Memory };
    open = async () => new PortMemory(join(dir, 'ports.json'));
    taken = createServer();
    port = await listening(taken);
  });
  afterEach(() => (taken.listening ? closed(taken).then(() => undefined) : undefined));

  it('moves on from one that is taken, and stays there when it is free again', async () => {
    const moved = await (await open()).claim('api', port);
    expect(moved).toBeGreaterThan(port);
    await closed(taken);
    expect(await (await open()).claim('api', port)).toBe(moved);
  });

  it('goes back to one that the owner asks for, for as long as that is asked', async () => {
    const moved = await (await open()).claim('api', port);
    await closed(taken);
    expect(await (await open()).claim('api', port, { insist: true })).toBe(port);
    expect(await (await open()).claim('api', port)).toBe(moved);
  });

  interface Ports {
    portFrom(env: Record<string, string>, name: string, otherwise: number, highest?: number): number;
    isFree(port: number, host?: string): Promise<boolean>;
  }

  it.each([['99999'], ['0'], ['-1'], ['abc'], ['80.5'], ['0x50'], [' 80']])(
    'that cannot be, such as %j, are refused in words that name the variable',
    async (text) => {
      const { portFrom } = (await tool('ports')) as Ports;
      expect(() => portFrom({ PORT: text }, 'PORT', 3000)).toThrow('PORT must be a whole number from 1 to 65535.');
    },
  );

  it('are as they were set, else as usual', async () => {
    const { portFrom } = (await tool('ports')) as Ports;
    expect([portFrom({ PORT: '80' }, 'PORT', 3000), portFrom({ PORT: '' }, 'PORT', 3000)]).toEqual([80, 3000]);
    expect(() => portFrom({ ADMIN_PORT: '65535' }, 'ADMIN_PORT', 3001, 65_534)).toThrow('from 1 to 65534');
  });

  it('are not looked for on an address that this machine does not have', async () => {
    const { isFree } = (await tool('ports')) as Ports;
    await expect(isFree(3000, '203.0.113.1')).rejects.toThrow('HOST=203.0.113.1 is no address of this machine');
  });

  it('never gives two parts the same one, even when they ask at once', async () => {
    const memory = await open();
    const ports = await Promise.all(['api', 'worker', 'admin'].map((name) => memory.claim(name, port)));
    expect(new Set(ports).size).toBe(3);
  });

  it('keeps one for good once the part has been up', async () => {
    const pick = (await open()).pick('api', port);
    const first = await pick.now();
    const thief = createServer();
    await listening(thief, first);
    const second = await pick.now();
    expect(second).not.toBe(first);
    await closed(thief);
    pick.settle();
    const late = createServer();
    await listening(late, second);
    expect(await pick.now()).toBe(second);
    await closed(late);
  });
});

describe('what a killed launcher left', () => {
  interface Records {
    leftParts(path: string): [string, Identity][];
    stopLeftParts(path: string): Promise<string[]>;
  }
  const idle = ['-e', 'setInterval(() => undefined, 1000)', 'part-of-this-clone'];

  const record = (part: Identity, marker: string): string => {
    const path = join(dir, 'run.json');
    writeFileSync(path, JSON.stringify({ parts: { api: { ...part, marker, signals: ['SIGTERM'] } } }));
    return path;
  };

  const started = async (): Promise<{ identity: Identity; gone: Promise<unknown>; kill: () => void }> => {
    const { identify } = (await tool('processes')) as { identify(pid: number): Identity };
    const child = spawn(process.execPath, idle, { stdio: 'ignore' });
    await once(child, 'spawn');
    return { identity: identify(child.pid ?? 0), gone: once(child, 'exit'), kill: () => child.kill('SIGKILL') };
  };

  it('is stopped when number, start time and command line agree', async () => {
    const { stopLeftParts } = (await tool('run-record')) as Records;
    const part = await started();
    const path = record(part.identity, 'part-of-this-clone');
    expect(await stopLeftParts(path)).toEqual(['api']);
    await part.gone;
    expect(existsSync(path)).toBe(false);
  });

  it.each([
    ['the number belongs to a later process', (part: Identity) => ({ ...part, startedAt: '1' }), 'part-of-this-clone'],
    ['the command line is another', (part: Identity) => part, 'another-clone'],
  ])('is left alone when %s', async (_name, change, marker) => {
    const { leftParts } = (await tool('run-record')) as Records;
    const part = await started();
    expect(leftParts(record(change(part.identity), marker))).toEqual([]);
    part.kill();
    await part.gone;
  });
});

describe('the lock of a clone', () => {
  interface Locks {
    tryLock(path: string): { release?: () => void; owner?: Identity };
    withLock<T>(path: string, work: () => T | Promise<T>): Promise<T>;
  }

  it('is held by one, named to the others, and free once released', async () => {
    const { tryLock } = (await tool('lock')) as Locks;
    const path = join(dir, 'run.lock');
    const first = tryLock(path);
    expect(tryLock(path).owner?.pid).toBe(process.pid);
    first.release?.();
    expect(tryLock(path).release).toBeDefined();
  });

  it('is taken over from an owner that is gone', async () => {
    const { tryLock } = (await tool('lock')) as Locks;
    const path = join(dir, 'run.lock');
    writeFileSync(path, JSON.stringify({ pid: process.pid, startedAt: 'long ago' }));
    expect(tryLock(path).release).toBeDefined();
  });

  it('lets work run one after the other', async () => {
    const { withLock } = (await tool('lock')) as Locks;
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, (inside += 1));
      await new Promise((resolve) => setTimeout(resolve, 20));
      inside -= 1;
    };
    await Promise.all([1, 2, 3].map(() => withLock(join(dir, 'build.lock'), work)));
    expect(most).toBe(1);
  });
});

describe('the end of a log', () => {
  it.each([
    [
      'errors of the apps, as text',
      '{"level":"error","msg":"no way out","error":{"message":"closed"}}',
      'no way out: closed',
    ],
    ['what no logger wrote', 'TypeError: x is not a function', 'TypeError: x is not a function'],
    [
      'problems of PostgreSQL',
      '2026-11-20 12:00:00 UTC [7] FATAL:  no space left',
      '2026-11-20 12:00:00 UTC [7] FATAL:  no space left',
    ],
    ['nothing of the daily business of the apps', '{"level":"info","msg":"up"}', ''],
    ['nothing of that of PostgreSQL', '2026-11-20 12:00:00 UTC [7] LOG:  database system is ready', ''],
    ['nothing of that of Redis', '31:M 20 Nov 2026 12:00:00.000 * Ready to accept connections', ''],
  ])('shows %s', async (_name, line, shown) => {
    const { tailOf } = (await tool('logs')) as { tailOf(path: string, from?: number): string };
    const path = join(dir, 'api.log');
    writeFileSync(path, `${line}\n`);
    expect(tailOf(path)).toBe(shown);
  });

  it('begins where this life of the part began', async () => {
    const { tailOf } = (await tool('logs')) as { tailOf(path: string, from?: number): string };
    const path = join(dir, 'api.log');
    writeFileSync(path, 'earlier\nnow\n');
    expect(tailOf(path, 'earlier\n'.length)).toBe('now');
  });
});

describe('secrets', () => {
  it('are made once, private, long enough, and completed when a later version needs more', async () => {
    const { loadSecrets } = (await tool('secrets')) as { loadSecrets(path: string): Record<string, string> };
    const path = join(dir, 'secrets.json');
    const made = loadSecrets(path);
    expect(made['OPERATOR_TOKEN']).toMatch(/^op_[\w-]{43}$/);
    expect(made['RECRATE_SECRET']?.length).toBeGreaterThanOrEqual(43);
    expect(new Set(Object.values(made)).size).toBe(Object.keys(made).length);
    const { redisPassword: _dropped, ...older } = made;
    writeFileSync(path, JSON.stringify(older));
    expect(loadSecrets(path)).toMatchObject(older);
    expect(loadSecrets(path)['redisPassword']).toBeTruthy();
  });
});
