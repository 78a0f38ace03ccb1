import { existsSync } from 'node:fs';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TaskRun } from '#platform/jobs';
import { newUuid, PLATFORM_TENANT_ID, type SystemActor } from '#platform/kernel';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { FilesApp } from '../../test/files-app.js';
import { CreateUpload } from '../commands/create-upload.command.js';
import { DeleteUpload } from '../commands/delete-upload.command.js';
import { PinUpload } from '../commands/pin-upload.command.js';
import { UnpinUpload } from '../commands/unpin-upload.command.js';
import { GetUpload } from '../queries/get-upload.query.js';
import { UploadStorage } from '../storage/upload-storage.js';
import { UploadCleanup } from './upload-cleanup.processor.js';

let db: TestDatabase;
let api: FilesApp;
let worker: FilesApp;

beforeAll(async () => {
  db = await createTestDatabase();
  api = await FilesApp.start(db, 'rt');
  worker = await FilesApp.start(db, 'worker', api.folder);
});
afterAll(async () => {
  await worker.close();
  await api.close();
  await db.drop();
});

/** Runs the task once, as the engine would. */
async function cleanUp(): Promise<void> {
  const step: TaskRun['step'] = (work) => worker.work.run({ tenantId: PLATFORM_TENANT_ID }, work);
  await worker.get(UploadCleanup).run({ step, signal: new AbortController().signal } as TaskRun);
}

const begin = (actor: SystemActor, lengthBytes: number) =>
  api.bus.execute(
    new CreateUpload(actor, { lengthBytes, filename: undefined, sha256: undefined, idempotencyKey: undefined }),
  );
const age = (id: string): Promise<unknown> =>
  db.admin(`update files.upload set expires_at = now() - interval '1 second' where id = $1`, [id]);
const stateOf = (actor: SystemActor, id: string): Promise<string> =>
  api.bus.execute(new GetUpload(actor, id)).then(
    ({ state }) => state,
    ({ code }: { code: string }) => code,
  );
const pathOf = ({ tenantId }: SystemActor, id: string, suffix = ''): string => join(api.folder, tenantId, id + suffix);
const room = async ({ tenantId }: SystemActor): Promise<unknown> =>
  (
    await db.admin(`select reserved_bytes::int as bytes, open_uploads as open from files.room where tenant_id = $1`, [
      tenantId,
    ])
  )[0];

describe('the clean-up of uploads', () => {
  it('lets unfinished ones expire, and forgets them later', async () => {
    const actor = api.newStore();
    const { id } = (await begin(actor, 5)).upload;
    await api.get(UploadStorage).append({ tenantId: actor.tenantId, uploadId: id }, 0, bytes('ab'));
    await cleanUp();
    expect(await stateOf(actor, id)).toBe('receiving');
    await age(id);
    await cleanUp();
    expect([await stateOf(actor, id), existsSync(pathOf(actor, id, '.part')), await room(actor)]).toEqual([
      'expired',
      false,
      { bytes: 0, open: 0 },
    ]);
    await age(id);
    await cleanUp();
    expect(await stateOf(actor, id)).toBe('http.not_found');
  });

  it('deletes finished ones that nobody needs, and leaves those that a job needs', async () => {
    const actor = api.newStore();
    const [needed, other] = [await api.upload(actor), await api.upload(actor)];
    await worker.bus.execute(new PinUpload(actor, needed.id, 'job:1'));
    await worker.bus.execute(new PinUpload(actor, needed.id, 'job:1'));
    await Promise.all([age(needed.id), age(other.id)]);
    await cleanUp();
    expect([await stateOf(actor, needed.id), await stateOf(actor, other.id)]).toEqual(['complete', 'http.not_found']);
    expect([existsSync(pathOf(actor, needed.id)), existsSync(pathOf(actor, other.id))]).toEqual([true, false]);
    await expect(api.bus.execute(new DeleteUpload(actor, needed.id))).rejects.toMatchObject({
      code: 'files.upload_pinned',
    });

    await worker.bus.execute(new UnpinUpload(actor, needed.id, 'job:1'));
    await cleanUp();
    expect(await stateOf(actor, needed.id)).toBe('complete');
    await age(needed.id);
    await cleanUp();
    expect([await stateOf(actor, needed.id), await room(actor)]).toEqual(['http.not_found', { bytes: 0, open: 0 }]);
  });

  it('gives back the room of requests that died, when their lease has run out', async () => {
    const actor = api.newStore();
    const { id } = (await begin(actor, 5)).upload;
    const died = `update files.upload set kind = 'stream', length_bytes = null, lease_until = now() + $2::interval where id = $1`;
    await db.admin(died, [id, '1 second']);
    await cleanUp();
    expect(await room(actor)).toEqual({ bytes: 5, open: 1 });
    await db.admin(died, [id, '-2 minutes']);
    await cleanUp();
    expect([await stateOf(actor, id), await room(actor)]).toEqual(['http.not_found', { bytes: 0, open: 0 }]);
  });

  it('removes files that belong to no upload once they are old', async () => {
    const actor = api.newStore();
    const kept = await api.upload(actor);
    const [fresh, old] = [newUuid(), newUuid()];
    await mkdir(join(api.folder, actor.tenantId), { recursive: true });
    for (const id of [fresh, old]) await writeFile(pathOf(actor, id), 'x');
    const longAgo = new Date(Date.now() - 2 * 86_400_000);
    for (const id of [old, kept.id]) await utimes(pathOf(actor, id), longAgo, longAgo);
    await cleanUp();
    expect([old, fresh, kept.id].map((id) => existsSync(pathOf(actor, id)))).toEqual([false, true, true]);
  });
});

describe('a pin', () => {
  it('is for uploads that are there in full, of the same store', async () => {
    const [actor, other] = [api.newStore(), api.newStore()];
    const { id } = (await begin(actor, 5)).upload;
    const pin = (by: SystemActor, upload: string) => api.bus.execute(new PinUpload(by, upload, 'job:1'));
    await expect(pin(actor, id)).rejects.toMatchObject({ code: 'files.upload_not_complete' });
    const complete = await api.upload(actor);
    await expect(pin(other, complete.id)).rejects.toMatchObject({ code: 'files.unknown_upload' });
    await expect(pin(actor, newUuid())).rejects.toMatchObject({ code: 'files.unknown_upload' });
    await pin(actor, complete.id);
  });

  it('and a deletion at the same time never both happen', async () => {
    const actor = api.newStore();
    for (let round = 0; round < 10; round++) {
      const { id } = await api.upload(actor);
      const outcomes = await Promise.allSettled([
        api.bus.execute(new PinUpload(actor, id, 'job:1')),
        api.bus.execute(new DeleteUpload(actor, id)),
      ]);
      const isThere = existsSync(pathOf(actor, id)) && (await stateOf(actor, id)) === 'complete';
      expect(isThere).toBe(outcomes[0]?.status === 'fulfilled');
    }
  });
});

describe('the list of uploads', () => {
  it('is read along its index', async () => {
    const { tenantId } = api.newStore();
    const rows = `insert into files.upload (tenant_id, id, kind, state, length_bytes, reserved_bytes, created_at, expires_at, version)
      select case when n % 20 = 0 then $1 else md5((n % 7)::text)::uuid end, md5(n::text)::uuid, 'resumable', 'receiving', 1, 1, now(), now(), 1
        from generate_series(1, 20000) n`;
    await db.admin(rows, [tenantId]);
    await db.admin('analyze files.upload');
    const list = `select id from files.upload u where u.tenant_id = $1 order by u.created_at desc, u.id desc limit 21`;
    const plan = await db.admin(`explain ${list.replace('$1', `'${tenantId}'`)}`);
    expect(JSON.stringify(plan)).toContain('upload_created');
  });
});

async function* bytes(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}
