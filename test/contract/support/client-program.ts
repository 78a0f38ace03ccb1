/** tsconfig.json of somebody who uses the client. */
export const TSCONFIG = {
  compilerOptions: {
    module: 'nodenext',
    moduleResolution: 'nodenext',
    target: 'es2022',
    lib: ['es2023', 'dom', 'dom.iterable'],
    types: [],
    strict: true,
    noEmit: true,
    skipLibCheck: false,
  },
  include: ['*.ts'],
};

/** What somebody does with the client; prints what it met. */
export const PROGRAM = `
import { createRecrateClient, dataOf, type Problem, RecrateProblem } from './recrate-client.js';

declare const process: { env: Record<string, string>; stdout: { write(text: string): void } };
const { baseUrl = '', key = '', operator = '', tenant = '' } = process.env;
const recrate = createRecrateClient({ baseUrl, credential: key, longestWaitMs: 5_000 });

async function problemOf(call: Promise<unknown>): Promise<Problem | undefined> {
  return call.then(() => undefined, (error: unknown) => (error instanceof RecrateProblem ? error.problem : undefined));
}

const me = await dataOf(recrate.GET('/api/v1/me'));
const issued = await dataOf(recrate.POST('/api/v1/api-keys', { body: { name: 'till', scopes: ['key:read', 'tenant:read'] } }));
const started = performance.now();
const listed = await dataOf(
  recrate.GET('/api/v1/api-keys', { params: { query: { limit: 5, 'filter[state]': ['active', 'rotated'], include: 'total' } } }),
);
const waitedMs = performance.now() - started;
const rotated = await dataOf(
  recrate.POST('/api/v1/api-keys/{id}/rotate', { params: { path: { id: issued.id } }, body: { overlapSeconds: 60 } }),
);
const heir = createRecrateClient({ baseUrl, credential: rotated.key });
const own = await dataOf(heir.GET('/api/v1/me'));
const revoked = await dataOf(recrate.POST('/api/v1/api-keys/{id}/revoke', { params: { path: { id: rotated.id } } }));
const refused = await problemOf(dataOf(heir.GET('/api/v1/me')));
const putOnce = await recrate.PUT('/api/v1/cors-origins', { body: { origins: ['https://shop.example'] } });
const tooLong = await recrate.GET('/api/v1/usage');
const impatient = createRecrateClient({ baseUrl, credential: key, mostAttempts: 2 });
const givenUp = await problemOf(dataOf(impatient.GET('/api/v1/me')));
const broken = await impatient.GET('/api/v1/me').then(() => 'answered', (error: unknown) => String((error as Error).name));
const platform = createRecrateClient({ baseUrl, credential: operator });
const renamed = await dataOf(
  platform.PATCH('/api/v1/platform/tenants/{id}', { params: { path: { id: tenant } }, body: { name: 'Renamed' } }),
);
const file = new Blob(['id,title\\n1,Aja\\n2,Björk\\n'], { type: 'text/csv' });
const sent = await dataOf(
  recrate.POST('/api/v1/uploads', { params: { query: { filename: 'collection.csv' } }, body: file, headers: { 'Content-Type': file.type } }),
);
const upload = await dataOf(recrate.GET('/api/v1/uploads/{id}', { params: { path: { id: sent.id } } }));
const tus = { 'Tus-Resumable': '1.0.0' } as const;
const begun = await dataOf(recrate.POST('/api/v1/uploads', { params: { header: { ...tus, 'Upload-Length': file.size } } }));
const path = { id: begun.id };
const offsets: (string | null)[] = [];
for (const part of [file.slice(0, 9), file.slice(9)]) {
  const asked = await recrate.HEAD('/api/v1/uploads/{id}', { params: { path } });
  offsets.push(asked.response.headers.get('upload-offset'));
  const { response } = await recrate.PATCH('/api/v1/uploads/{id}', {
    params: { path, header: { ...tus, 'Upload-Offset': Number(offsets.at(-1)) } },
    body: await part.bytes(),
    headers: { 'Content-Type': 'application/offset+octet-stream' },
  });
  if (response.status !== 204) throw new Error('the part was answered with ' + response.status);
}
const resumed = await dataOf(recrate.GET('/api/v1/uploads/{id}', { params: { path } }));
const { error } = await recrate.POST('/api/v1/api-keys', { body: { name: '' }, headers: { 'Idempotency-Key': 'my-own-key' } });

process.stdout.write(
  JSON.stringify({
    me: me.tenant?.name, issued: issued.id, total: listed.page.total?.count, waitedMs, heir: own.key?.id, rotated: rotated.id,
    revoked: revoked.state, refused: refused?.type, putOnce: putOnce.response.status, tooLong: tooLong.response.status,
    givenUp: givenUp?.code, broken, renamed: renamed.name, error: error?.errors?.[0]?.pointer,
    upload, resumed, offsets,
  }),
);
`;

/** Calls that are wrong, one below each mark: the compiler must object to every one. */
export const MISUSE = `
import { createRecrateClient, dataOf, type Problem } from './recrate-client.js';

const recrate = createRecrateClient({ baseUrl: '', credential: '' });
export async function misuse(problem: Problem): Promise<void> {
  // @ts-expect-error: an unknown path
  await recrate.GET('/api/v1/nothing');
  // @ts-expect-error: a method that the path does not take
  await recrate.DELETE('/api/v1/me');
  // @ts-expect-error: no body
  await recrate.POST('/api/v1/api-keys', {});
  // @ts-expect-error: a body without what is required
  await recrate.POST('/api/v1/api-keys', { body: { scopes: ['key:read'] } });
  // @ts-expect-error: a member of another type
  await recrate.POST('/api/v1/api-keys', { body: { name: 1 } });
  // @ts-expect-error: a permission that there is not
  await recrate.POST('/api/v1/api-keys', { body: { name: 'x', scopes: ['everything'] } });
  // @ts-expect-error: no id in the path
  await recrate.GET('/api/v1/api-keys/{id}');
  // @ts-expect-error: a filter with a state that there is not
  await recrate.GET('/api/v1/api-keys', { params: { query: { 'filter[state]': ['lost'] } } });
  // @ts-expect-error: a part of a file without its place
  await recrate.PATCH('/api/v1/uploads/{id}', { params: { path: { id: '' }, header: { 'Tus-Resumable': '1.0.0' } }, body: 'x' });
  // @ts-expect-error: a file that is no bytes
  await recrate.POST('/api/v1/uploads', { body: { name: 'x' } });
  const me = await dataOf(recrate.GET('/api/v1/me'));
  // @ts-expect-error: a member that is not answered
  me.nothing;
  // @ts-expect-error: a member that may be null
  me.tenant.name;
  // @ts-expect-error: a problem type that there is not
  if (problem.type === 'urn:recrate:problem:nothing') return;
}
`;

/** Used as it should be: without the marks above, the compiler has to be silent. */
export const WRONG = `
import { createRecrateClient } from './recrate-client.js';

await createRecrateClient({ baseUrl: '', credential: '' }).POST('/api/v1/api-keys', { body: { name: 1 } });
`;
