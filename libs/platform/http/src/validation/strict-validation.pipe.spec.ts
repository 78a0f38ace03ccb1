import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import { validateSync } from 'class-validator';
import { formatId, type Money, newUuid } from '#platform/kernel';
import { notFound } from '../http.errors.js';
import { IdOf, Instant, ListOf, MoneyValue, Nested, Note, OneOf, Text, WholeNumber } from './decorators.js';
import { IdParam, IdPipe } from './id-param.pipe.js';
import { StrictValidationPipe } from './strict-validation.pipe.js';

class Line {
  @IdOf('release') releaseId!: string;
}

class Sample {
  @WholeNumber({ min: 1, max: 9, description: 'How many.', example: 3 }) quantity!: number;
  @Text({ max: 10, optional: true, list: { min: 1, max: 3 } }) tags?: string[];
  @Note({ max: 50, optional: true, nullable: true }) remark?: string | null;
  @MoneyValue() price!: Money;
  @ListOf(() => Line, { min: 1, max: 20 }) lines!: Line[];
  @Nested(() => Line, { optional: true }) first?: Line;
  @OneOf(['a', 'b']) state!: string;
  @Instant({ optional: true }) at?: string;
}

class Search {
  @WholeNumber({ min: 1, max: 100, optional: true }) limit: number = 20;
}

@Controller('samples')
class SampleController {
  @Post(':id')
  create(@IdParam('id', 'order') id: string, @Body() body: Sample, @Query() query: Search) {
    return { id, body, query };
  }

  @Get()
  find(@Query('q') q: string) {
    return { q };
  }
}

describe('in a Nest application', () => {
  const uuid = newUuid();
  const start = async () => {
    const module = await Test.createTestingModule({ controllers: [SampleController] }).compile();
    const app = module.createNestApplication(new FastifyAdapter(), { logger: false });
    app.useGlobalPipes(new StrictValidationPipe());
    return app;
  };

  it('decorators describe themselves in the OpenAPI document', async () => {
    const app = await start();
    const { components, paths } = SwaggerModule.createDocument(app, new DocumentBuilder().build());
    expect(components?.schemas?.['Sample']).toMatchObject({
      required: ['quantity', 'price', 'lines', 'state'],
      properties: {
        quantity: { type: 'integer', minimum: 1, maximum: 9, description: 'How many.', example: 3 },
        tags: { type: 'array', minItems: 1, maxItems: 3, items: { type: 'string', minLength: 1, maxLength: 10 } },
        remark: { type: 'string', maxLength: 50, nullable: true },
        lines: { type: 'array', minItems: 1, maxItems: 20, items: { $ref: '#/components/schemas/Line' } },
        state: { type: 'string', enum: ['a', 'b'] },
        at: { type: 'string', format: 'date-time' },
      },
    });
    expect(JSON.stringify(components?.schemas?.['Sample'])).toContain('#/components/schemas/Money');
    expect(components?.schemas?.['Money']).toMatchObject({ required: ['amount', 'currency'] });
    expect(paths['/samples/{id}']?.post?.parameters).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          name: 'id',
          in: 'path',
          schema: { type: 'string', pattern: '^ord_[0-7][0-9a-hjkmnp-tv-z]{25}$' },
        }),
        expect.objectContaining({ name: 'limit', in: 'query', required: false }),
      ]),
    );
  });

  it('the pipe reads bodies and queries and leaves other arguments alone', async () => {
    const pipe = new StrictValidationPipe();
    expect(pipe.transform({ limit: '5' }, { type: 'query', metatype: Search })).toEqual({ limit: 5 });
    expect(() => pipe.transform(undefined, { type: 'body', metatype: Search })).toThrow('must be a JSON object');
    expect(pipe.transform([1], { type: 'body', metatype: Object })).toEqual([1]);
    expect(pipe.transform('x', { type: 'param', metatype: String, data: 'id' })).toBe('x');
    expect(pipe.transform({ user: 1 }, { type: 'custom', metatype: Sample })).toEqual({ user: 1 });
    expect(pipe.transform('a', { type: 'query', metatype: String, data: 'q' })).toBe('a');
  });

  it('a single parameter may not be repeated', () => {
    const transform = () =>
      new StrictValidationPipe().transform(['a', 'b'], { type: 'query', metatype: String, data: 'q' });
    expect(transform).toThrow(expect.objectContaining({ code: 'http.invalid_parameter' }));
  });

  it('a typed id in the path reaches the handler as its UUID', async () => {
    const app = await start();
    await app.init();
    const payload = {
      quantity: 1,
      price: { amount: 1, currency: 'EUR' },
      lines: [{ releaseId: formatId('release', uuid) }],
      state: 'a',
    };
    const answer = await app
      .getHttpAdapter()
      .getInstance()
      .inject({ method: 'POST', url: `/samples/${formatId('order', uuid)}?limit=7`, payload });
    expect(JSON.parse(answer.body)).toMatchObject({
      id: uuid,
      query: { limit: 7 },
      body: { lines: [{ releaseId: uuid }] },
    });
    await app.close();
  });
});

describe('an id in a path', () => {
  it.each(['', 'x', formatId('tenant', newUuid()), newUuid(), `${formatId('order', newUuid())} `])(
    'that is not of the kind gets the answer of an unknown id: %p',
    (id) => {
      const transform = () => new IdPipe('order').transform(id);
      const { problem, code, message, members } = notFound();
      expect(transform).toThrow(expect.objectContaining({ problem, code, message, members }));
    },
  );
});

describe('class-validator itself', () => {
  it('comes to the same verdict by these decorators', () => {
    const bad = Object.assign(new Sample(), { quantity: 0, price: null, lines: 'x', state: 'c', tags: [1] });
    const found = validateSync(bad).map((error) => `${error.property} ${Object.keys(error.constraints ?? {}).join()}`);
    expect(found).toEqual(['quantity whole_number', 'tags text', 'price money', 'lines object', 'state one_of']);
  });
});
