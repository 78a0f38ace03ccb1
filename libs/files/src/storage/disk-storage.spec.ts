import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newUuid } from '#platform/kernel';
import { DiskStorage } from './disk-storage.js';

let folder: string;
let storage: DiskStorage;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'disk-'));
  storage = new DiskStorage(folder);
});
afterAll(() => rm(folder, { recursive: true }));

const newKey = () => ({ tenantId: newUuid(), uploadId: newUuid() });
async function* chunks(...texts: string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text);
}
async function* broken(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
  throw new Error('the client hung up');
}
const read = async (key: ReturnType<typeof newKey>, range = {}): Promise<string> =>
  Buffer.concat((await storage.open(key.tenantId, key.uploadId, range).toArray()) as Buffer[]).toString();

describe('uploads on the disk', () => {
  it('are there in full or not at all', async () => {
    const key = newKey();
    await expect(storage.keep(key, broken('abc'))).rejects.toThrow('hung up');
    expect(await readdir(join(folder, key.tenantId))).toEqual([]);
    expect(await storage.keep(key, chunks('abc', '', 'def'))).toBe(6);
    expect(await readdir(join(folder, key.tenantId))).toEqual([key.uploadId]);
    expect([await read(key), await read(key, { start: 2, end: 4 }), await read(key, { start: 4 })]).toEqual([
      'abcdef',
      'cd',
      'ef',
    ]);
  });

  it('that arrive in parts keep what arrived, and go on where it ends', async () => {
    const key = newKey();
    expect(await storage.arrived(key)).toBe(0);
    await expect(storage.append(key, 0, broken('abc'))).rejects.toThrow('hung up');
    expect(await storage.arrived(key)).toBe(3);
    await expect(storage.append(key, 2, chunks('x'))).rejects.toThrow('grown');
    expect(await storage.append(key, 3, chunks('de', 'f'))).toBe(6);
    expect(Buffer.concat((await storage.partial(key).toArray()) as Buffer[]).toString()).toBe('abcdef');
    await storage.remove(key);
    expect(await storage.arrived(key)).toBe(0);
  });

  // What the kernel answers on a full disk, without filling one.
  const FULL = '/dev/full';
  (existsSync(FULL) ? it : it.failing)('say so when there is no room, and leave nothing half done', async () => {
    const key = newKey();
    await mkdir(join(folder, key.tenantId), { recursive: true });
    const path = join(folder, key.tenantId, key.uploadId);
    await symlink(FULL, `${path}.part`);
    await expect(storage.append(key, 0, chunks('abc'))).rejects.toMatchObject({ code: 'files.storage_full' });
    await rm(`${path}.part`);
    await symlink(FULL, `${path}.new`);
    await expect(storage.keep(key, chunks('abc'))).rejects.toMatchObject({ code: 'files.storage_full' });
    expect(await readdir(join(folder, key.tenantId))).toEqual([]);
    expect(await storage.keep(key, chunks('abc'))).toBe(3);
  });

  it('are named by ids of ours only', async () => {
    const named = { tenantId: newUuid(), uploadId: '../../etc/passwd' };
    await expect(storage.arrived(named)).rejects.toThrow('UUID');
    expect(() => storage.open('..', newUuid())).toThrow('UUID');
  });
});
