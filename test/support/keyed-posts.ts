import { type ApiProcess, apiSettings, startApiProcess } from './api-process.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { request } from './api.js';

/** How long and how rough a run is. */
export interface KeyedPostsPlan {
  readonly posts: number;
  readonly lanes: number;
  /** How often the api is killed with -9 and started again. */
  readonly kills: number;
  /** How often every database connection of the api is cut. */
  readonly cuts: number;
}

/** What was found afterwards. */
export interface KeyedPostsFindings {
  /** Requests that had to be repeated: without any, the run has proved nothing. */
  readonly repeats: number;
  /** Names that are in the database another number of times than once. */
  readonly notOnce: readonly string[];
  /** Acknowledged ids that are not there. */
  readonly lost: readonly string[];
  /** Keys whose answer differs when asked for again. */
  readonly changed: readonly string[];
  readonly worst: number;
}

interface Run {
  readonly database: TestDatabase;
  readonly settings: Record<string, string>;
  api: ApiProcess;
  key: string;
  url: string;
  repeats: number;
  /** Highest status that was answered. */
  worst: number;
  readonly acknowledged: Map<string, string>;
}

const RETRY_MS = 20;
/** Fewer than the api has connections and callers in its queue: a refusal here would look like a changed answer. */
const ASKED_AT_ONCE = 20;

/**
 * Clients post with an Idempotency-Key and repeat until they are answered, while the api is killed and its connections are cut.
 * Afterwards each acknowledged effect must be there exactly once, and asking again must answer the same bytes.
 */
export async function keyedPosts(plan: KeyedPostsPlan): Promise<KeyedPostsFindings> {
  const database = await createTestDatabase();
  const run = await begin(database);
  try {
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < plan.posts) await post(run, `post-${next++}`);
    };
    const lanes = Promise.all(Array.from({ length: plan.lanes }, lane));
    const faults = injectFaults(run, plan, () => run.acknowledged.size);
    await lanes;
    await faults;
    return await findings(run, plan);
  } finally {
    await run.api.kill();
    await database.drop();
  }
}

async function begin(database: TestDatabase): Promise<Run> {
  const settings = apiSettings(database);
  const api = await startApiProcess(settings);
  const operator = settings['OPERATOR_TOKEN'] ?? '';
  const url = api.url;
  const tenants = `${url}/api/v1/platform/tenants`;
  const tenant = await request<{ id: string }>(tenants, 'POST', {
    key: operator,
    body: { name: 'Faults', mode: 'test' },
  });
  const limits = { requestsPerMinute: 1_000_000, keyRequestsPer10Seconds: 1_000_000, concurrentRequests: 1_000 };
  await request(`${tenants}/${tenant.body.id}/limits`, 'PUT', { key: operator, body: limits });
  const issued = await request<{ key: string }>(`${tenants}/${tenant.body.id}/api-keys`, 'POST', {
    key: operator,
    body: { name: 'client' },
  });
  // The same port from now on, as behind a service's address.
  const fixed = { ...settings, PORT: new URL(url).port };
  return { database, settings: fixed, api, key: issued.body.key, url, repeats: 0, worst: 0, acknowledged: new Map() };
}

async function post(run: Run, name: string): Promise<void> {
  for (;;) {
    const answer = await ask(run, name).catch(() => undefined);
    run.worst = Math.max(run.worst, answer?.status === 503 ? 0 : (answer?.status ?? 0));
    if (answer?.status === 201) {
      run.acknowledged.set(name, answer.text);
      return;
    }
    run.repeats += 1;
    await pause(RETRY_MS);
  }
}

function ask(run: Run, name: string) {
  const headers = { 'idempotency-key': name };
  return request<{ id: string }>(`${run.url}/api/v1/api-keys`, 'POST', {
    key: run.key,
    body: { name, scopes: ['usage:read'] },
    headers,
  });
}

/** Faults come when a share of the posts is done, so that each meets requests that are under way. */
async function injectFaults(run: Run, { posts, kills, cuts }: KeyedPostsPlan, done: () => number): Promise<void> {
  const faults = [
    ...Array<() => Promise<void>>(kills).fill(() => killAndRestart(run)),
    ...Array<() => Promise<void>>(cuts).fill(() => cut(run)),
  ];
  for (const [index, fault] of faults.entries()) {
    const due = (posts * (index + 1)) / (faults.length + 2);
    while (done() < due) await pause(5);
    await fault();
  }
}

async function killAndRestart(run: Run): Promise<void> {
  await run.api.kill();
  run.api = await startApiProcess(run.settings);
}

async function cut({ database }: Run): Promise<void> {
  await database.admin(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and usename = 'app_rt'`,
  );
}

async function findings(run: Run, { posts }: KeyedPostsPlan): Promise<KeyedPostsFindings> {
  const rows = await run.database.admin<{ name: string; count: number }>(
    `select name, count(*)::int as count from identity.api_key where name like 'post-%' group by name`,
  );
  const counts = new Map(rows.map(({ name, count }) => [name, count]));
  const names = Array.from({ length: posts }, (_, index) => `post-${index}`);
  const again: { name: string; text: string }[] = [];
  for (let from = 0; from < posts; from += ASKED_AT_ONCE) {
    const some = names.slice(from, from + ASKED_AT_ONCE);
    again.push(...(await Promise.all(some.map(async (name) => ({ name, text: (await ask(run, name)).text })))));
  }
  return {
    repeats: run.repeats,
    worst: run.worst,
    notOnce: names.filter((name) => counts.get(name) !== 1),
    lost: names.filter((name) => !run.acknowledged.has(name)),
    changed: again.filter(({ name, text }) => run.acknowledged.get(name) !== text).map(({ name }) => name),
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
