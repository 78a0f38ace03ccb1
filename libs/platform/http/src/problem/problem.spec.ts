import { describe, expect, it } from '@jest/globals';
import { NotFoundException } from '@nestjs/common';
import { DomainError, PROBLEMS } from '#platform/kernel';
import { toProblem } from './problem.js';

const ids = { requestId: '0190-request', traceId: 'a'.repeat(32) };
const databaseError = (code: string): Error =>
  Object.assign(new Error('insert into secret_table values (…)'), { code });

describe('toProblem', () => {
  it('answers a refusal with its type, code, words and members', () => {
    const error = new DomainError('invalid-transition', 'orders.shipped', 'The order has been shipped.', {
      currentState: 'shipped',
      allowed: ['return'],
    });
    expect(toProblem(error, ids)).toEqual({
      name: 'invalid-transition',
      status: 409,
      fault: false,
      headers: {},
      body: {
        type: 'urn:recrate:problem:invalid-transition',
        title: PROBLEMS['invalid-transition'].title,
        status: 409,
        detail: 'The order has been shipped.',
        instance: 'urn:recrate:request:0190-request',
        code: 'orders.shipped',
        traceId: ids.traceId,
        currentState: 'shipped',
        allowed: ['return'],
      },
    });
  });

  it('lists at most 20 errors and says that there are more', () => {
    const errors = Array.from({ length: 7_000 }, (_, index) => ({
      pointer: `/lines/${index}`,
      code: 'required',
      message: 'x',
    }));
    const { body } = toProblem(new DomainError('validation-failed', 'http.validation_failed', 'x', { errors }), ids);
    expect(body['errors']).toEqual(errors.slice(0, 20));
    expect(body['errorsTruncated']).toBe(true);
  });

  it('says when to come back, always on 503', () => {
    const limited = new DomainError('quota-exceeded', 'http.quota_exceeded', 'x', { retryAfterSeconds: 8 });
    expect(toProblem(limited, ids).headers['retry-after']).toBe('8');
    expect(toProblem(new DomainError('overloaded', 'database.overloaded', 'x'), ids).headers['retry-after']).toBe('2');
  });

  it('challenges a caller without a credential', () => {
    expect(
      toProblem(new DomainError('unauthenticated', 'http.unauthenticated', 'x'), ids).headers['www-authenticate'],
    ).toMatch(/^Bearer/);
  });

  it.each([
    ['57014', 'query-too-expensive', false],
    ['55P03', 'overloaded', false],
    ['23503', 'reference-not-found', true],
    ['23505', 'duplicate', true],
    ['53100', 'storage-full', true],
    ['40001', 'conflict', false],
    ['RC001', 'conflict', false],
    ['22P02', 'validation-failed', true],
    ['23514', 'validation-failed', true],
    ['57P01', 'dependency-unavailable', false],
    ['08006', 'dependency-unavailable', false],
    ['42P01', 'internal', true],
  ])('maps the database state %s to %s', (state, name, fault) => {
    expect(toProblem(databaseError(state), ids)).toMatchObject({ name, fault });
  });

  it.each([
    ['FST_ERR_CTP_BODY_TOO_LARGE', 413],
    ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 415],
    ['FST_ERR_BAD_URL', 404],
  ])("maps the framework's %s to %d", (code, status) => {
    expect(toProblem(databaseError(code), ids).status).toBe(status);
  });

  it('maps exceptions of the framework by their status and keeps their words back', () => {
    const { status, body } = toProblem(new NotFoundException('Cannot GET /secret'), ids);
    expect(status).toBe(404);
    expect(JSON.stringify(body)).not.toContain('secret');
  });

  it.each([new Error('password=hunter2'), 'a string', undefined, null, 42, { statusCode: 200 }])(
    'answers 500 without a word of what was thrown (%p)',
    (thrown) => {
      const problem = toProblem(thrown, ids);
      expect(problem).toMatchObject({ status: 500, name: 'internal', fault: true });
      expect(JSON.stringify(problem.body)).not.toMatch(/hunter2|a string/);
    },
  );
});
