import { describe, expect, it } from '@jest/globals';
import { declaredErrors, declareErrors, DomainError } from './errors.js';
import { PROBLEMS, problemUrn } from './problems.js';

const errors = declareErrors('spec', {
  out_of_stock: { problem: 'conflict', when: 'nothing is left' },
});

describe('declared errors', () => {
  it('make errors with the problem, the code of their context, the text and the members', () => {
    const error = errors.out_of_stock('Nothing is left.', { retryAfterSeconds: 3 });
    expect(error).toBeInstanceOf(DomainError);
    expect(error).toMatchObject({
      name: 'DomainError',
      problem: 'conflict',
      code: 'spec.out_of_stock',
      message: 'Nothing is left.',
      members: { retryAfterSeconds: 3 },
    });
  });

  it('have no members unless given some', () => {
    expect(errors.out_of_stock('Nothing is left.').members).toEqual({});
  });

  it('are listed with what they mean', () => {
    expect(declaredErrors().get('spec.out_of_stock')).toEqual({ problem: 'conflict', when: 'nothing is left' });
  });

  it('cannot be declared twice', () => {
    const again = () => declareErrors('spec', { out_of_stock: { problem: 'conflict', when: 'again' } });
    expect(again).toThrow('error code spec.out_of_stock is declared twice');
  });
});

describe('the registry of problem types', () => {
  it.each(Object.entries(PROBLEMS))('says of %s how it is answered and what to do', (name, { status, title, help }) => {
    expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(title).not.toMatch(/\.$/);
    expect(help).toMatch(/\.$/);
  });

  it('names a type by its URN', () => {
    expect(problemUrn('not-found')).toBe('urn:recrate:problem:not-found');
  });
});
