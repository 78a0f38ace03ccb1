import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { eventCatalogue } from '../../apps/api/src/event-wire.js';
import { documentPath } from '../../apps/api/src/openapi/routes.js';
import { publishedFacts } from '#platform/eventing';
import { RouteCensus } from '#platform/http';
import { declaredErrors, PROBLEMS } from '#platform/kernel';
import { startTestApi, type TestApi } from '../support/api.js';
import { filesBelow, textOf } from '../support/project.js';
import { breakingChanges } from './support/contract-diff.js';
import { DOCUMENTS, operationsOf, readDocument } from './support/documents.js';
import { firstDifference, generated } from './support/generated.js';

const document = readDocument();

describe('the committed documents', () => {
  let made: Awaited<ReturnType<typeof generated>>;
  beforeAll(async () => {
    made = await generated('openapi.mjs');
  });
  afterAll(() => made.remove());

  it.each(DOCUMENTS)('%s is what the code says (else: npm run openapi)', (name) => {
    expect(
      firstDifference(textOf(`docs/openapi/${name}`), readFileSync(join(made.folder, name), 'utf8')),
    ).toBeUndefined();
  });
});

describe('the pages made of code', () => {
  let made: Awaited<ReturnType<typeof generated>>;
  beforeAll(async () => {
    made = await generated('docs.mjs');
  });
  afterAll(() => made.remove());

  it.each(['configuration.md', 'problems.md', 'events.md'])('docs/%s is current (else: npm run docs)', (name) => {
    expect(firstDifference(textOf(`docs/${name}`), readFileSync(join(made.folder, name), 'utf8'))).toBeUndefined();
  });

  it('tell of every published event what it means, by words and an example that is one', () => {
    const facts = publishedFacts.all();
    const silent = facts.filter(({ summary, example }) => !summary?.endsWith('.') || example === undefined);
    const wrong = facts.filter(({ schema, example }) => !schema.safeParse(example).success);
    expect([silent, wrong].map((some) => some.map(({ type }) => type))).toEqual([[], []]);
    expect(facts.length).toBeGreaterThan(0);
    expect(facts.filter(({ type }) => !textOf('docs/events.md').includes(`\n## ${type}\n`))).toEqual([]);
  });

  it('show ids of things in published events as typed ids', () => {
    const bare = eventCatalogue().filter(({ schema }) => JSON.stringify(schema).includes('"format":"uuid"'));
    expect(bare.map(({ type }) => type)).toEqual([]);
  });

  it('name every problem type and every code', () => {
    const page = textOf('docs/problems.md');
    const codes = [...declaredErrors().keys()];
    expect(Object.keys(PROBLEMS).filter((name) => !page.includes(`\n## ${name}\n`))).toEqual([]);
    expect(codes.filter((code) => !page.includes(`\n| \`${code}\` |`))).toEqual([]);
    expect(codes.length).toBeGreaterThan(30);
  });

  it('know every code that the sources answer', () => {
    const sources = filesBelow('libs', '.ts').concat(filesBelow('apps', '.ts'));
    const texts = sources.filter((path) => !path.endsWith('.spec.ts') && !path.includes('/testing/')).map(textOf);
    const used = texts.flatMap((text) =>
      [...text.matchAll(/code: '([a-z_]+\.[a-z_]+)'/g)].map(([, code = '']) => code),
    );
    expect(used.length).toBeGreaterThan(10);
    expect([...new Set(used)].filter((code) => !declaredErrors().has(code))).toEqual([]);
  });
});

describe('the lint of Redocly with its recommended rules', () => {
  const lint = async (text: string): Promise<string[]> => {
    const config = await createConfig({ extends: ['recommended'] });
    const found = await lintFromString({ source: text, absoluteRef: '/recrate.json', config });
    return found.map(
      ({ ruleId, severity, message, location }) => `${severity} ${ruleId}: ${message} ${location[0]?.pointer}`,
    );
  };

  it.each(DOCUMENTS)('finds nothing in %s, not even a warning', async (name) => {
    expect(await lint(textOf(`docs/openapi/${name}`))).toEqual([]);
  });

  it('finds what is planted', async () => {
    const planted = JSON.parse(textOf('docs/openapi/recrate.json')) as typeof document;
    const { operation } = operationsOf(planted)[0] ?? {};
    Object.assign(operation ?? {}, { operationId: undefined, security: [{ none: [] }] });
    Object.assign(planted.components.schemas, { Forgotten: { type: 'string' } });
    const found = (await lint(JSON.stringify(planted))).join('\n');
    for (const rule of ['operation-operationId', 'security-defined', 'no-unused-components'])
      expect(found).toContain(rule);
  });
});

describe('the released contract', () => {
  interface Declared {
    readonly change: string;
    readonly reason: string;
  }
  const declared = JSON.parse(textOf('docs/openapi/breaking-changes.json')) as Declared[];
  const found = breakingChanges(readDocument('released.json'), document);

  it('is broken nowhere but where docs/openapi/breaking-changes.json says so', () => {
    const known = new Set(declared.map(({ change }) => change));
    expect(found.filter((change) => !known.has(change))).toEqual([]);
  });

  it('is broken where it says so, each for a reason', () => {
    expect(declared.filter(({ change, reason }) => !found.includes(change) || reason.trim().length < 10)).toEqual([]);
  });
});

describe('the running api', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
  });
  afterAll(() => api.close());

  it('has exactly the documented routes', () => {
    const routes = api.app.get(RouteCensus).rows();
    const running = routes.map(({ method, path }) => `${method.toLowerCase()} ${documentPath(path)}`).sort();
    expect(
      operationsOf(document)
        .map(({ method, path }) => `${method} ${path}`)
        .sort(),
    ).toEqual(running);
  });

  it('asks for the documented permissions', () => {
    const routes = api.app.get(RouteCensus).rows();
    const asked = Object.fromEntries(
      routes.map(({ method, path, access }) => [
        `${method.toLowerCase()} ${documentPath(path)}`,
        access?.kind === 'permission' ? access.permission : null,
      ]),
    );
    const documented = operationsOf(document).map(({ method, path, operation }) => [
      `${method} ${path}`,
      operation['x-permission'],
    ]);
    expect(Object.fromEntries(documented)).toEqual(asked);
  });

  it.each([
    ['/api/openapi.json', 'recrate.json'],
    ['/api/openapi/tenant.json', 'tenant.json'],
    ['/api/openapi/platform.json', 'platform.json'],
  ])('serves %s as it is committed', async (path, name) => {
    const answer = await api.call('GET', path);
    expect(answer).toMatchObject({ status: 200, text: textOf(`docs/openapi/${name}`) });
    const again = await api.call('GET', path, { headers: { 'if-none-match': String(answer.headers.get('etag')) } });
    expect([answer.headers.get('content-type'), again.status]).toEqual(['application/json; charset=utf-8', 304]);
  });

  it('serves the two audiences what is theirs, all of it together', () => {
    const paths = (name: string) => Object.keys(readDocument(name).paths);
    expect(paths('platform.json').filter((path) => !path.startsWith('/api/v1/platform/'))).toEqual([]);
    expect(paths('tenant.json').filter((path) => path.startsWith('/api/v1/platform'))).toEqual([]);
    expect([...paths('platform.json'), ...paths('tenant.json')].sort()).toEqual(Object.keys(document.paths).sort());
    expect(JSON.stringify(readDocument('tenant.json'))).not.toContain('operatorToken');
  });

  it('serves a page that loads only what is served beside it', async () => {
    for (const path of ['/api/docs', '/api/docs/']) {
      const page = await api.call('GET', path);
      expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
      expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
      const loaded = [...page.text.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, url = '']) => url);
      expect(loaded.length).toBeGreaterThan(4);
      for (const url of loaded) expect([url, (await api.call('GET', url)).status]).toEqual([url, 200]);
      expect(page.text).not.toMatch(/<script>|<style|\bon\w+=|https?:/);
    }
    const start = await api.call('GET', '/api/docs/start.js');
    const documents = [...start.text.matchAll(/url: '([^']*)'/g)].map(([, url]) => url);
    expect(documents).toEqual(['/api/openapi.json', '/api/openapi/tenant.json', '/api/openapi/platform.json']);
    expect(start.text).toContain('validatorUrl: null');
  });

  it.each([
    'swagger-ui-bundle.js.map',
    'swagger-initializer.js',
    'index.html',
    'package.json',
    'LICENSE',
    '..%2f..%2fpackage.json',
  ])('does not serve /api/docs/%s', async (name) => {
    expect((await api.call('GET', `/api/docs/${name}`)).status).toBe(404);
  });
});
