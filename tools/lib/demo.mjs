import { randomUUID } from 'node:crypto';
import { readJson, writeJson } from './files.mjs';
import { inData } from './paths.mjs';
import { SetupError } from './setup-error.mjs';

const TENANT = { name: 'Demo Records', mode: 'test' };
const KEY = { name: 'Demo key' };
const TIMEOUT_MS = 15_000;

/**
 * Makes the demo tenant and its key once. Each step is on disk before the next, and repeats under the idempotency key
 * of the first attempt, so that a start killed in between makes nothing twice.
 * @param {string} url of the api
 * @param {string} operatorToken
 * @param {string} [path]
 * @returns {Promise<{ tenantId: string, apiKey: string, created: boolean }>}
 */
export async function ensureDemo(url, operatorToken, path = inData('demo.json')) {
  let demo = readJson(path) ?? {};
  if (demo.apiKey && !(await isRefused(url, demo.apiKey))) return { ...demo, created: false };
  if (demo.apiKey || !demo.attempt) demo = save(path, { attempt: randomUUID() });
  if (!demo.tenantId) {
    const { id } = await post(`${url}/api/v1/platform/tenants`, TENANT, operatorToken, `${demo.attempt}-tenant`);
    demo = save(path, { ...demo, tenantId: id });
  }
  const apiKey = await issueKey(url, demo, operatorToken);
  return { ...save(path, { ...demo, apiKey }), created: true };
}

/** The secret is shown once: an answer lost on the way cannot be asked for again, so another key is made. */
async function issueKey(url, { tenantId, attempt }, operatorToken) {
  const route = `${url}/api/v1/platform/tenants/${tenantId}/api-keys`;
  const { key } = await post(route, KEY, operatorToken, `${attempt}-key`);
  return key ?? (await post(route, KEY, operatorToken, `${randomUUID()}-key`)).key;
}

/** A database that was wiped or swapped does not know the key. */
async function isRefused(url, apiKey) {
  const headers = { authorization: `Bearer ${apiKey}` };
  const response = await fetch(`${url}/api/v1/me`, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
  await response.body?.cancel();
  return response.status === 401;
}

async function post(url, body, token, idempotencyKey) {
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'idempotency-key': idempotencyKey,
  };
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body), signal });
  const text = await response.text();
  if (response.status === 201) return JSON.parse(text);
  throw new SetupError(
    `The demo tenant could not be made: ${new URL(url).pathname} answered ${response.status}.`,
    text,
  );
}

function save(path, demo) {
  writeJson(path, demo);
  return demo;
}
