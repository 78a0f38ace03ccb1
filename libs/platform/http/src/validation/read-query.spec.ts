import { describe, expect, it } from '@jest/globals';
import { DomainError, formatId, newUuid } from '#platform/kernel';
import { Flag, IdOf, Instant, OneOf, Text, WholeNumber } from './decorators.js';
import { readQuery } from './dto-reader.js';

const releaseUuid = newUuid();
const releaseId = formatId('release', releaseUuid);

function refusalOf(read: () => unknown): DomainError {
  try {
    read();
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('a query string', () => {
  class Search {
    @WholeNumber({ min: 1, max: 100, optional: true }) limit: number = 20;
    @Flag({ optional: true }) archived?: boolean;
    @Text({ max: 10, optional: true }) q?: string;
    @OneOf(['a', 'b'], { optional: true, list: { max: 2 } }) states?: string[];
    @IdOf('release', { optional: true }) releaseId?: string;
    @Instant({ optional: true }) since?: string;
  }
  const wrong = (query: Record<string, unknown>) => {
    const { code, members } = refusalOf(() => readQuery(Search, query));
    return [code, ...(members.errors ?? []).map((error) => `${error.pointer} ${error.code}`)];
  };

  it('gives numbers, flags, lists and ids from text, and defaults', () => {
    expect(readQuery(Search, { archived: 'false', q: '5', states: 'a,b', releaseId })).toEqual({
      limit: 20,
      archived: false,
      q: '5',
      states: ['a', 'b'],
      releaseId: releaseUuid,
    });
    expect(readQuery(Search, { limit: '100' })).toEqual({ limit: 100 });
  });

  it.each(['0', '101', '1.0', '1e1', ' 5', '+5', '05', '-0', '0x10', '', '٣', '9'.repeat(40)])(
    'refuses %p as a limit',
    (limit) => {
      expect(wrong({ limit })).toEqual(['http.invalid_parameter', 'limit whole_number']);
    },
  );

  it.each([
    [{ archived: 'TRUE' }, 'archived flag'],
    [{ archived: '1' }, 'archived flag'],
    [{ states: 'a,c' }, 'states one_of'],
    [{ states: 'a,b,a' }, 'states list_size'],
    [{ q: ['a', 'b'] }, 'q repeated'],
    [{ limit: ['5', '5'] }, 'limit repeated'],
    [{ tenantId: 'x' }, 'tenantId unknown_parameter'],
    [{ 'q[$gt]': '' }, 'q[$gt] unknown_parameter'],
    [{ hasOwnProperty: 'x' }, 'hasOwnProperty unknown_parameter'],
    [{ q: 'a\u0000' }, 'q text_characters'],
  ])('refuses %j', (query, error) => {
    expect(wrong(query)).toEqual(['http.invalid_parameter', error]);
  });
});
