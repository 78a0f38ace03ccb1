import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi, type TestApi } from '../support/api.js';
import { Client, makeStore, pathOf, PATIENT, type Store } from '../support/client.js';
import { digestOf } from '../support/digest.js';
import { idIn } from '../support/examples.js';
import { SHARED_DATA } from '../support/project.js';
import { type ApiRoute, isOperators, routesOf, writes } from '../support/routes.js';

const FILE = join(SHARED_DATA, 'hostile/json-test-suite.ndjson.gz');

interface Case {
  readonly name: string;
  readonly expect: 'accept' | 'reject' | 'either';
  readonly base64: string;
}

if (!existsSync(FILE)) {
  it('JSONTestSuite is not sent over HTTP: ../shared/data is not beside the project', () =>
    expect(existsSync(FILE)).toBe(false));
} else {
  const cases = gunzipSync(readFileSync(FILE))
    .toString('utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Case);

  describe('JSONTestSuite over HTTP', () => {
    let api: TestApi;
    let client: Client;
    let store: Store;
    let routes: ApiRoute[];

    beforeAll(async () => {
      api = await startTestApi(PATIENT);
      client = new Client(api.url);
      store = await makeStore(api);
      // One reader reads the bodies of all routes: a few of each method show it, however many routes there come to be.
      const takeBodies = routesOf(api).filter((route) => writes(route) && route.body !== undefined);
      routes = ['POST', 'PUT', 'PATCH'].flatMap((method) =>
        takeBodies.filter((route) => route.method === method).slice(0, method === 'POST' ? 5 : 1),
      );
    });
    afterAll(() => api.close());

    /** What these routes answer to a text; none may repeat it. */
    async function answersTo({ base64 }: Case): Promise<string[]> {
      const raw = Buffer.from(base64, 'base64');
      const answers = await Promise.all(
        routes.map((route) =>
          client.call(route.method, pathOf(route, idIn(store)), {
            key: isOperators(route) ? api.operatorToken : store.key,
            raw,
          }),
        ),
      );
      for (const { body } of answers.filter(({ status }) => status === 400))
        expect(body.detail).toMatch(/^[\x20-\x7e]{1,120}$/);
      return [...new Set(answers.map(({ status, body }) => `${status} ${body.type}`))];
    }

    it('is there in full, and at least five routes take a body', () => {
      expect(cases.filter((entry) => entry.expect === 'reject')).toHaveLength(188);
      expect(routes.length).toBeGreaterThanOrEqual(5);
    });

    it('has no malformed text that any route reads, and changes nothing', async () => {
      const before = await digestOf(api.database);
      const odd = [];
      for (const entry of cases.filter(({ expect: expected }) => expected === 'reject')) {
        const kinds = await answersTo(entry);
        const expected = /100000_opening_arrays|open_array_object/.test(entry.name)
          ? 'json-too-complex'
          : 'malformed-json';
        if (kinds.join() !== `400 urn:recrate:problem:${expected}`) odd.push([entry.name, kinds]);
      }
      expect(odd).toEqual([]);
      expect(await digestOf(api.database)).toEqual(before);
    });

    it('has no well-formed or debatable text that is more than refused, since none is what a route takes', async () => {
      const before = await digestOf(api.database);
      const odd = [];
      for (const entry of cases.filter(({ expect: expected }) => expected !== 'reject')) {
        const kinds = await answersTo(entry);
        // {} is an empty merge patch: it is taken and changes nothing.
        const isPatch =
          kinds.some((kind) => kind.startsWith('200')) &&
          /^\s*\{\s*\}\s*$/.test(Buffer.from(entry.base64, 'base64').toString());
        if (kinds.some((kind) => !/^4(?:00|15) /.test(kind)) && !isPatch) odd.push([entry.name, kinds]);
      }
      expect(odd).toEqual([]);
      expect(await digestOf(api.database)).toEqual(before);
    });

    it('met nothing but well-formed refusals', () => {
      expect(client.count).toBeGreaterThan(cases.length * 5);
      expect(client.faults).toEqual([]);
    });
  });
}
