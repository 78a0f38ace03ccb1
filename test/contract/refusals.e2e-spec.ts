import { afterAll, describe, expect, it } from '@jest/globals';
import { newUuid } from '#platform/kernel';
import { METHODS, type Response } from '../../apps/api/src/openapi/model.js';
import { type Answer, startTestApi } from '../support/api.js';
import { operationsOf, type PlacedOperation, readDocument, resolved } from './support/documents.js';
import { takesBytes } from './support/files.js';
import { OperationCaller, pathOf, requestExample, type Setting, unknownIds } from './support/setting.js';
import { Validator } from './support/validator.js';

const document = readDocument();
const validator = new Validator(document);
const operations = operationsOf(document).map((placed) => ({ ...placed, name: placed.operation.operationId }));
const api = await startTestApi({ TRUSTED_PROXIES: '1' });
const caller = new OperationCaller(api);

afterAll(() => api.close());

/** Every refusal that an operation is documented with and that can be brought about alone. */
const REFUSALS: readonly {
  readonly status: number;
  readonly when: string;
  readonly bring: (placed: PlacedOperation, setting: Setting) => Promise<Answer>;
}[] = [
  {
    status: 400,
    when: 'a parameter or member is unknown',
    bring: (placed, setting) => {
      const { path, operation } = placed;
      const example = requestExample(operation.operationId);
      if (typeof example === 'object') return caller.call(placed, setting, { body: { ...example, nonsense: 1 } });
      return caller.call(placed, setting, { path: `${pathOf(path, operation.parameters, setting.ids)}?nonsense=1` });
    },
  },
  {
    status: 401,
    when: 'no credential is sent',
    bring: (placed, setting) => caller.call(placed, setting, { key: undefined }),
  },
  {
    status: 403,
    when: 'the caller may not, or not from there',
    bring: async (placed, setting) => {
      const permission = placed.operation['x-permission'];
      if (permission === null)
        return caller.call(placed, setting, { headers: { origin: 'https://elsewhere.example' } });
      if (permission.startsWith('platform:')) return caller.call(placed, setting, { key: setting.key });
      const scopes = [permission === 'key:read' ? 'key:write' : 'key:read'];
      const options = { key: setting.key, body: { name: 'lacks it', scopes } };
      const issued = await caller.client.call<{ key: string }>('POST', '/api/v1/api-keys', options);
      return caller.call(placed, setting, { key: issued.body.key });
    },
  },
  {
    status: 404,
    when: 'nothing has the id',
    bring: (placed, setting) => caller.call(placed, { ...setting, ids: unknownIds() }),
  },
  {
    status: 412,
    when: 'If-Match names another version, or Tus-Resumable one that is not spoken',
    bring: (placed, setting) =>
      caller.call(placed, setting, { headers: { 'if-match': '"v999"', 'tus-resumable': '0.2.2' } }),
  },
  {
    status: 413,
    when: 'the body is larger than 1 MiB, or 8 MiB in bulk, or than a file may be',
    bring: async (placed, setting) => {
      if (takesBytes(placed.operation)) return tooLargeFile(placed, setting);
      const size = placed.path.endsWith('/bulk') ? 8 * 1_048_600 : 1_048_600;
      return caller.call(placed, setting, { raw: `{"name":"${'x'.repeat(size)}"}` });
    },
  },
  {
    status: 415,
    when: 'the body is plain text, or JSON in place of a file',
    bring: (placed, setting) => {
      const type = takesBytes(placed.operation) ? 'application/json' : 'text/plain';
      return caller.call(placed, setting, { raw: 'name=x', headers: { 'content-type': type } });
    },
  },
  {
    status: 422,
    when: 'the Idempotency-Key was used for something else, or a part is not what was announced',
    bring: async (placed, setting) => {
      await caller.prepare(placed, setting);
      if (placed.operation.operationId === 'appendToUpload') return otherBytes(placed, setting);
      const headers = { 'idempotency-key': newUuid() };
      await caller.call(placed, setting, { headers });
      if (takesBytes(placed.operation)) return caller.call(placed, setting, { headers, raw: 'x', path: placed.path });
      const other = placed.path.includes('{')
        ? {}
        : { body: requestExample(placed.operation.operationId, 'least') ?? { name: 'x', mode: 'live' } };
      return caller.call(placed, { ...setting, ids: unknownIds() }, { headers, ...other });
    },
  },
  {
    status: 423,
    when: 'the store is suspended',
    bring: async (placed, setting) => {
      await caller.run('suspendTenant', setting);
      return caller.call(placed, setting);
    },
  },
  {
    status: 429,
    when: 'the limit is used up',
    bring: async (placed, setting) => {
      const body = { requestsPerMinute: 1, keyRequestsPer10Seconds: 1, concurrentRequests: 5 };
      await caller.run('setTenantLimits', setting, { body });
      await caller.client.call('GET', '/api/v1/me', { key: setting.key });
      return caller.call(placed, setting);
    },
  },
];

/** Begins a file, or sends a part, that is larger than it may be. */
async function tooLargeFile(placed: PlacedOperation, setting: Setting): Promise<Answer> {
  await caller.prepare(placed, setting);
  const headers = { 'tus-resumable': '1.0.0', 'upload-length': '900000000000000' };
  return caller.call(placed, setting, { headers, raw: placed.method === 'post' ? '' : 'x'.repeat(25) });
}

/** Sends all bytes of a file that others were announced of. */
async function otherBytes(placed: PlacedOperation, setting: Setting): Promise<Answer> {
  await caller.beginUpload(setting, `sha256 ${btoa('0'.repeat(64))}`);
  return caller.call(placed, setting, { raw: 'x'.repeat(24) });
}

/** What is wrong with a refusal, as the document tells of it. */
function refusalFaults({ method, operation }: PlacedOperation, answer: Answer): string[] {
  const response = operation.responses[String(answer.status)] ?? operation.responses['default'];
  if (!response) return [`${answer.status} is not documented`];
  const { content, headers } = resolved<Response>(document, response);
  const media = content?.['application/problem+json'];
  const types = Object.values(media?.examples ?? {}).map(({ value }) => (value as { type: string }).type);
  const problem = answer.body as { type: string };
  const untold = types.includes(problem.type) ? [] : [`${problem.type} is not documented for ${answer.status}`];
  return [
    // The answer to HEAD has no body.
    ...(method === 'head' ? [] : [...validator.faults(media?.schema ?? {}, problem), ...untold]),
    ...(answer.headers.has('retry-after') && !headers?.['Retry-After'] ? ['does not tell of Retry-After'] : []),
    ...(answer.headers.get('content-type')?.startsWith('application/problem+json')
      ? []
      : ['is not application/problem+json']),
  ];
}

/** Refusals that leave the store as it is: one will do for all of them. */
const LEAVE_ALL = [400, 401, 404, 412, 413, 415];
const patient = await caller.setting();
const limits = { requestsPerMinute: 1_000_000, keyRequestsPer10Seconds: 1_000_000, concurrentRequests: 100 };
await caller.run('setTenantLimits', patient, { body: limits });

describe.each(REFUSALS)('when $when', ({ status, bring }) => {
  // The operator has no limits; only refused credentials are counted.
  const concerned = operations.filter(
    ({ operation }) => operation.responses[String(status)] && (status !== 429 || operation['x-rate-policy'].length > 0),
  );

  it.each(concerned)(`$name answers ${status} as documented`, async (placed) => {
    const answer = await bring(placed, LEAVE_ALL.includes(status) ? patient : await caller.setting());
    expect([answer.status, answer.text]).toEqual([status, answer.text]);
    expect(refusalFaults(placed, answer)).toEqual([]);
  });
});

/** Nothing happens any more to an item that was written off. */
async function writtenOff(setting: Setting): Promise<void> {
  await caller.run('releaseReservation', setting, { body: {} });
  await caller.run('writeOffItem', setting);
}

/** What makes the state of a thing refuse an operation. Operations that no state refuses are null. */
const SPOIL: Readonly<Record<string, ((setting: Setting) => Promise<void>) | null>> = {
  createTenant: null,
  issueApiKey: null,
  setCorsOrigins: null,
  pauseProjection: null,
  resumeProjection: null,
  replayParkedEvents: null,
  replayParkedCommand: null,
  discardParkedCommand: null,
  ...Object.fromEntries(
    ['rollBackProjection', 'dropRetiredBuild'].map((name) => [
      name,
      async () => void (await api.database.admin(`delete from es.projections where status <> 'live'`)),
    ]),
  ),
  rebuildProjection: async () => {
    await api.database.admin(`update es.projections set kind = 'reaction'`);
  },
  setRetryPolicies: null,
  setGradeVocabulary: null,
  setTenantFlow: null,
  setWorkPause: null,
  createJob: async () => {
    await api.database.admin(
      `update files.upload set state = 'expired', size_bytes = null, sent_bytes = null, sha256 = null, gzip = null, reserved_bytes = 0 where state = 'complete'`,
    );
  },
  ...Object.fromEntries(
    ['cancelJob', 'cancelJobByPut', 'pauseJob', 'resumeJob'].map((name) => [name, () => Promise.resolve()]),
  ),
  retryJob: async () => void (await api.database.admin(`update freight.job set state = 'running'`)),
  retryBatch: async () =>
    void (await api.database.admin(`update freight.batch set state = 'done', finished_at = now()`)),
  discardDeadLetter: (setting) => caller.run('discardDeadLetter', setting),
  requeueDeadLetter: (setting) => caller.run('discardDeadLetter', setting),
  importReleases: null,
  moveCategory: null,
  createCategory: (setting) => caller.run('createCategory', setting),
  renameCategory: (setting) => caller.run('createCategory', setting, { body: { name: 'Electronica' } }),
  deleteCategory: () => Promise.resolve(),
  createRelease: (setting) => caller.run('createRelease', setting),
  updateRelease: (setting) => caller.run('archiveRelease', setting),
  setReleaseCategories: (setting) => caller.run('archiveRelease', setting),
  archiveRelease: (setting) => caller.run('mergeRelease', setting),
  restoreRelease: (setting) => caller.run('mergeRelease', setting),
  mergeRelease: async () => {
    await api.database.admin(`update catalog.release set state = 'archived' where title = 'The other'`);
  },
  receiveItems: null,
  changePrices: null,
  adjustItems: null,
  receiveStock: (setting) => caller.run('receiveStock', setting),
  ...Object.fromEntries(
    [
      'describeItem',
      'adjustStock',
      'countStock',
      'transferStock',
      'regradeItem',
      'changePrice',
      'changeCost',
      'setThreshold',
      'withdrawItem',
      'relistItem',
      'quarantineItem',
    ].map((name) => [name, writtenOff]),
  ),
  liftQuarantine: () => Promise.resolve(),
  writeOffItem: () => Promise.resolve(),
  archiveItem: () => Promise.resolve(),
  createLocation: (setting) => caller.run('createLocation', setting),
  renameLocation: (setting) => caller.run('createLocation', setting, { body: { name: 'Back room' } }),
  closeLocation: () => Promise.resolve(),
  makeReservation: (setting) => caller.run('withdrawItem', setting),
  extendReservation: (setting) => caller.run('extendReservation', setting),
  allocateReservation: (setting) => caller.run('releaseReservation', setting),
  releaseReservation: async (setting) => {
    await caller.run('allocateReservation', setting);
    await caller.run('commitReservation', setting);
  },
  commitReservation: () => Promise.resolve(),
  returnReservation: () => Promise.resolve(),
  createUpload: null,
  appendToUpload: (setting) => caller.beginUpload(setting).then(() => caller.run('appendToUpload', setting)),
  deleteUpload: async () => {
    await api.database.admin(
      `insert into files.pin select tenant_id, id, 'job' from files.upload on conflict do nothing`,
    );
  },
  revokeApiKey: (setting) => caller.run('revokeApiKey', setting),
  rotateApiKey: (setting) => caller.run('revokeApiKey', setting),
  resumeTenant: () => Promise.resolve(),
  suspendTenant: (setting) => caller.run('suspendTenant', setting),
  ...Object.fromEntries(
    ['updateTenant', 'deleteTenant', 'setTenantLimits', 'issueTenantApiKey'].map((name) => [
      name,
      (setting: Setting) => caller.run('deleteTenant', setting),
    ]),
  ),
};

describe('when the state of the thing does not allow it', () => {
  const writing = operations.filter(({ operation }) => operation.responses['409']);

  it('every writing operation is tried or known to have no such state', () => {
    expect(writing.map(({ name }) => name).sort()).toEqual(Object.keys(SPOIL).sort());
  });

  it.each(writing.filter(({ name }) => SPOIL[name]))('$name answers 409 as documented', async (placed) => {
    const setting = await caller.setting();
    await SPOIL[placed.name]?.(setting);
    const answer = await caller.call(placed, setting);
    expect([answer.status, answer.text]).toEqual([409, answer.text]);
    expect(refusalFaults(placed, answer)).toEqual([]);
  });
});

it('a method that is not documented is refused with 405 and those that are', async () => {
  const setting = await caller.setting();
  for (const [path, item] of Object.entries(document.paths)) {
    const [operation] = Object.values(item);
    const other = METHODS.find((method) => !(method in item)) ?? '';
    const answer = await caller.client.call(
      other.toUpperCase(),
      pathOf(path, operation?.parameters ?? [], setting.ids),
    );
    const allowed = (answer.headers.get('allow') ?? '').split(', ').filter((method) => method !== 'HEAD');
    const documented = Object.keys(item).filter((method) => method !== 'head');
    expect([path, answer.status, allowed]).toEqual([
      path,
      405,
      documented.map((method) => method.toUpperCase()).sort(),
    ]);
    expect(validator.faults({ $ref: '#/components/schemas/Problem' }, answer.body)).toEqual([]);
  }
});

it('no answer of all these was wrong in what is true of every answer', () => {
  expect(caller.client.faults).toEqual([]);
  expect(caller.client.count).toBeGreaterThan(200);
});
