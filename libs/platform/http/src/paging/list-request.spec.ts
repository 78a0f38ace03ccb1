import { Controller, Get } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import { DomainError, formatId, newUuid } from '#platform/kernel';
import { Flag } from '../validation/decorators.js';
import { StrictValidationPipe } from '../validation/strict-validation.pipe.js';
import { flagRule, idRule, instantRule, oneOfRule, textRule, wholeNumberRule } from '../validation/value-rules.js';
import { ListQuery, type ListRequest, type ListSpec, PageQuery, readListRequest } from './list-request.js';

const RELEASES: ListSpec = {
  name: 'releases',
  id: 'r.id',
  sort: {
    createdAt: { sql: 'r.created_at', type: 'timestamptz' },
    title: { sql: 'r.title_key', type: 'text' },
    year: { sql: 'coalesce(r.year, 0)', type: 'int' },
  },
  defaultSort: '-createdAt',
  filters: {
    state: { sql: 'r.state', type: 'text', rule: oneOfRule(['active', 'archived']) },
    createdAt: { sql: 'r.created_at', type: 'timestamptz', rule: instantRule(), range: true },
    year: { sql: 'r.year', type: 'int', rule: wholeNumberRule({ min: 1_900, max: 2_100 }), range: true },
    artist: { sql: 'r.artist', type: 'text', rule: textRule({ max: 50 }) },
    labelId: { sql: 'r.label_id', type: 'uuid', rule: idRule('category') },
    sealed: { sql: 'r.sealed', type: 'boolean', rule: flagRule() },
  },
};

const wrong = (query: Record<string, unknown>, spec = RELEASES) => {
  try {
    readListRequest(spec, query);
  } catch (error) {
    if (error instanceof DomainError)
      return [error.code, ...(error.members.errors ?? []).map((e) => `${e.pointer} ${e.code}`)];
    throw error;
  }
  return [];
};

describe('a list request', () => {
  it('has 20 rows in the default order unless it asks otherwise', () => {
    expect(readListRequest(RELEASES, {})).toMatchObject({
      query: { limit: 20 },
      sort: [{ name: 'createdAt', descending: true }],
      filters: [],
    });
  });

  it('takes sort keys and filters of the list, reading each value by its rule', () => {
    const labelId = newUuid();
    const request = readListRequest(RELEASES, {
      sort: 'title,-year',
      limit: '5',
      include: 'total',
      'filter[state]': 'active,archived',
      'filter[createdAt][gte]': '2026-01-01T00:00:00Z',
      'filter[year][lt]': '1999',
      'filter[labelId]': formatId('category', labelId),
      'filter[sealed]': 'false',
    });
    expect(request).toMatchObject({
      query: { limit: 5, include: 'total' },
      sort: [
        { name: 'title', descending: false },
        { name: 'year', descending: true },
      ],
      filters: [
        { name: 'state', op: 'eq', values: ['active', 'archived'] },
        { name: 'createdAt', op: 'gte', values: ['2026-01-01T00:00:00Z'] },
        { name: 'year', op: 'lt', values: [1999] },
        { name: 'labelId', op: 'eq', values: [labelId] },
        { name: 'sealed', op: 'eq', values: [false] },
      ],
    });
  });

  it.each([
    [{ sort: 'price' }, 'sort sort'],
    [{ sort: 'price;drop' }, 'sort sort'],
    [{ sort: '(select 1)' }, 'sort sort'],
    [{ sort: '' }, 'sort sort'],
    [{ sort: '--year' }, 'sort sort'],
    [{ sort: 'year,-year' }, 'sort sort'],
    [{ sort: 'constructor' }, 'sort sort'],
    [{ sort: ['year', 'title'] }, 'sort repeated'],
    [{ 'filter[price]': '1' }, 'filter[price] unknown_parameter'],
    [{ 'filter[toString]': '1' }, 'filter[toString] unknown_parameter'],
    [{ 'filter[state][gte]': 'active' }, 'filter[state][gte] unknown_parameter'],
    [{ 'filter[year][$gt]': '1' }, 'filter[year][$gt] unknown_parameter'],
    [{ 'filter[year]]': '1999' }, 'filter[year]] unknown_parameter'],
    [{ 'filter[year': '1999' }, 'filter[year unknown_parameter'],
    [{ 'filter[year]': '1999.0' }, 'filter[year] whole_number'],
    [{ 'filter[year]': '1999,' }, 'filter[year] whole_number'],
    [{ 'filter[year][gt]': '1999,2000' }, 'filter[year][gt] whole_number'],
    [{ 'filter[state]': "active' or 1=1" }, 'filter[state] one_of'],
    [{ 'filter[state]': ['active', 'archived'] }, 'filter[state] repeated'],
    [{ 'filter[createdAt][gte]': '2026-01-01' }, 'filter[createdAt][gte] instant'],
    [{ 'filter[labelId]': formatId('order', newUuid()) }, 'filter[labelId] id'],
    [{ 'filter[artist]': 'a\u0000' }, 'filter[artist] text_characters'],
    [{ 'filter[artist]': Array(51).fill('a').join() }, 'filter[artist] list_size'],
    [{ limit: '0' }, 'limit whole_number'],
    [{ limit: '101' }, 'limit whole_number'],
    [{ include: 'everything' }, 'include one_of'],
    [{ offset: '5' }, 'offset unknown_parameter'],
    [{ cursor: ['a', 'b'] }, 'cursor repeated'],
  ])('refuses %j', (query, error) => {
    expect(wrong(query)).toEqual(['http.invalid_parameter', error]);
  });

  it('refuses more than three sort keys', () => {
    const sort = {
      a: { sql: 'a', type: 'int' },
      b: { sql: 'b', type: 'int' },
      c: { sql: 'c', type: 'int' },
      d: { sql: 'd', type: 'int' },
    };
    expect(wrong({ sort: 'a,b,c,d' }, { ...RELEASES, sort })).toEqual(['http.invalid_parameter', 'sort sort']);
  });

  it('names all faults of its filters', () => {
    expect(wrong({ 'filter[year]': 'x', 'filter[state]': 'x' })).toHaveLength(3);
  });

  it('takes parameters that the list adds', () => {
    class ReleaseQuery extends PageQuery {
      @Flag({ optional: true }) withTracks?: boolean;
    }
    const spec: ListSpec<ReleaseQuery> = { ...RELEASES, query: ReleaseQuery };
    expect(readListRequest(spec, { withTracks: 'true' }).query).toMatchObject({ limit: 20, withTracks: true });
  });
});

@Controller('releases')
class ReleaseController {
  @Get()
  list(@ListQuery(RELEASES) request: ListRequest) {
    return request;
  }
}

describe('@ListQuery in a Nest application', () => {
  const start = async () => {
    const module = await Test.createTestingModule({ controllers: [ReleaseController] }).compile();
    const app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
    app.useGlobalPipes(new StrictValidationPipe());
    return app;
  };

  it('hands the handler the request that was read', async () => {
    const app = await start();
    await app.init();
    const { body } = await app.inject('/releases?sort=title&filter[state]=active&filter[year][gt]=1999');
    expect(JSON.parse(body)).toMatchObject({
      query: { limit: 20 },
      sort: [{ name: 'title' }],
      filters: [
        { name: 'state', values: ['active'] },
        { name: 'year', op: 'gt', values: [1999] },
      ],
    });
    await app.close();
  });

  it('publishes the allowlist', async () => {
    const app = await start();
    const { paths } = SwaggerModule.createDocument(app, new DocumentBuilder().build());
    const parameters = paths['/releases']?.get?.parameters ?? [];
    const names = parameters.map((parameter) => ('name' in parameter ? parameter.name : ''));
    expect(names.sort()).toEqual(
      [
        ...['limit', 'cursor', 'include', 'sort'],
        ...['state', 'createdAt', 'year', 'artist', 'labelId', 'sealed'].map((name) => `filter[${name}]`),
        ...['createdAt', 'year'].flatMap((name) => ['gt', 'gte', 'lt', 'lte'].map((op) => `filter[${name}][${op}]`)),
      ].sort(),
    );
    expect(parameters.every((parameter) => 'required' in parameter && parameter.required === false)).toBe(true);
  });
});
