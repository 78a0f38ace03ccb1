import { PartialType } from '@nestjs/swagger';
import { describe, expect, it } from '@jest/globals';
import { Allow, IsEmail, IsOptional, ValidateNested } from 'class-validator';
import fc from 'fast-check';
import { DomainError, formatId, type Money, newUuid } from '#platform/kernel';
import { Flag, IdOf, ListOf, MoneyValue, Nested, Note, Text, WholeNumber } from './decorators.js';
import { readBody } from './dto-reader.js';
import { type DtoClass, field } from './field-rule.js';

class Line {
  @IdOf('release') releaseId!: string;
  @WholeNumber({ min: 1, max: 9_999 }) quantity!: number;
  @MoneyValue({ optional: true }) price?: Money;
}

class Address {
  @Text({ max: 20 }) city!: string;
}

class Order {
  @Text({ max: 10 }) name!: string;
  @ListOf(() => Line, { min: 1, max: 1_000 }) lines!: Line[];
  @Nested(() => Address, { optional: true, nullable: true }) address?: Address | null;
  @Text({ max: 5, optional: true, list: { max: 3 } }) tags?: string[];
  @Note({ max: 50, optional: true, nullable: true }) remark?: string | null;
}

const releaseUuid = newUuid();
const releaseId = formatId('release', releaseUuid);
const line = { releaseId, quantity: 2 };
const order = { name: 'Ann', lines: [line] };

function refusalOf(read: () => unknown): DomainError {
  try {
    read();
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

const foundIn = (type: DtoClass, body: unknown) => {
  const { code, members } = refusalOf(() => readBody(type, body));
  return [code, ...(members.errors ?? []).map((error) => `${error.pointer} ${error.code}`)];
};

describe('a body that fits its class', () => {
  it('becomes instances of the classes, ids becoming UUIDs and nothing else changing', () => {
    const read = readBody(Order, {
      ...order,
      lines: [{ ...line, price: { amount: 1999, currency: 'EUR' } }],
      address: { city: 'Łódź' },
      tags: ['a', 'b'],
      remark: 'two\nlines',
    });
    expect(read).toBeInstanceOf(Order);
    expect(read.lines[0]).toBeInstanceOf(Line);
    expect(read.address).toBeInstanceOf(Address);
    expect(read).toEqual({
      name: 'Ann',
      lines: [{ releaseId: releaseUuid, quantity: 2, price: { amount: 1999, currency: 'EUR' } }],
      address: { city: 'Łódź' },
      tags: ['a', 'b'],
      remark: 'two\nlines',
    });
  });

  it('keeps absent members absent and null where null clears', () => {
    expect(Object.keys(readBody(Order, order))).toEqual(['name', 'lines']);
    expect(readBody(Order, { ...order, address: null, remark: null })).toMatchObject({ address: null, remark: null });
  });

  it('is not changed by being read', () => {
    const body = { ...order, tags: ['a'] };
    const copy = structuredClone(body);
    readBody(Order, body);
    expect(body).toEqual(copy);
  });
});

describe('the shape of a body', () => {
  it.each([null, [], 'x', 1, true, undefined, [order]])('must be an object, not %p', (body) => {
    expect(foundIn(Order, body)).toEqual(['http.validation_failed', ' object']);
  });

  it.each([
    ['a list of lists', [[]]],
    ['a list of nothing', [null]],
    ['a list of texts', ['x']],
    ['a list within a list of lines', [[line]]],
  ])('refuses %s for lines', (_what, lines) => {
    expect(foundIn(Order, { ...order, lines })).toEqual(['http.validation_failed', '/lines/0 object']);
  });

  it.each([[{ 0: line }], ['x'], [null], [7]])('refuses %p where a list belongs', (lines) => {
    expect(foundIn(Order, { ...order, lines })).toEqual(['http.validation_failed', '/lines list']);
  });

  it.each([[[{ city: 'Ulm' }]], ['Ulm'], [[]], [1]])('refuses %p where an object belongs', (address) => {
    expect(foundIn(Order, { ...order, address })).toEqual(['http.validation_failed', '/address object']);
  });

  it.each([[{ $ne: null }], [['Ann']], [{}], [{ toString: 'x' }], [5], [null], [true]])(
    'refuses %p where a text belongs',
    (name) => expect(foundIn(Order, { ...order, name })).toEqual(['http.validation_failed', '/name text']),
  );

  it('names missing members', () => {
    expect(foundIn(Order, { lines: [{ quantity: 1 }] })).toEqual([
      'http.validation_failed',
      '/name required',
      '/lines/0/releaseId required',
    ]);
  });

  it('checks the number of elements before any of them', () => {
    expect(foundIn(Order, { ...order, lines: Array(1_001).fill({ bad: 1 }) })).toEqual([
      'http.validation_failed',
      '/lines list_size',
    ]);
    expect(foundIn(Order, { ...order, lines: [] })).toEqual(['http.validation_failed', '/lines list_size']);
  });

  it.each([-1, 1.5])('points at an amount of money of %p, and not at the money', (amount) => {
    const lines = [{ ...line, price: { amount, currency: 'EUR' } }];
    expect(foundIn(Order, { ...order, lines })[1]).toMatch(/^\/lines\/0\/price\/amount /);
  });

  it('points into lists of values', () => {
    expect(foundIn(Order, { ...order, tags: ['ok', 'too long', 1] })).toEqual([
      'http.validation_failed',
      '/tags/1 text',
      '/tags/2 text',
    ]);
  });

  it('refuses the prefix of another kind and a bare UUID as an id', () => {
    for (const id of [formatId('order', releaseUuid), releaseUuid, releaseId.toUpperCase()]) {
      expect(foundIn(Line, { releaseId: id, quantity: 1 })).toEqual(['http.validation_failed', '/releaseId id']);
    }
  });
});

describe('members that a class does not know', () => {
  it('are refused as unknown members when they are all that is wrong', () => {
    expect(foundIn(Order, { ...order, tenantId: 'x', lines: [{ ...line, total: 1 }] })).toEqual([
      'http.unknown_member',
      '/tenantId unknown_member',
      '/lines/0/total unknown_member',
    ]);
  });

  it('are refused among other faults', () => {
    expect(foundIn(Address, { city: '', role: 'owner' })).toEqual([
      'http.validation_failed',
      '/role unknown_member',
      '/city text',
    ]);
  });

  it.each(['hasOwnProperty', 'isPrototypeOf', '__defineGetter__', 'constructor', 'toString', '__proto__'])(
    'are refused even when they are called %s, which class-validator takes for known',
    (name) => {
      const body = JSON.parse(`{"city":"Ulm","${name}":1}`) as unknown;
      expect(foundIn(Address, body)).toEqual(['http.unknown_member', `/${name} unknown_member`]);
    },
  );

  it('are not repeated when they are long or odd', () => {
    const body = { city: 'Ulm', ['x'.repeat(10_000)]: 1, '<script>': 1, 'a\u202eb': 1 };
    expect(foundIn(Address, body)).toEqual([
      'http.unknown_member',
      ' unknown_member',
      ' unknown_member',
      ' unknown_member',
    ]);
  });
});

describe('the answer to very many faults', () => {
  class Import {
    @ListOf(() => Line, { max: 10_000 }) lines!: Line[];
  }

  it('lists a few', () => {
    const lines = Array.from({ length: 7_000 }, () => ({ releaseId: 'x'.repeat(500), quantity: '5' }));
    const { members } = refusalOf(() => readBody(Import, { lines }));
    expect(members.errors).toHaveLength(21);
    expect(JSON.stringify(members.errors).length).toBeLessThan(6_000);
  });

  it('ends the reading as soon as there is enough to list', () => {
    let looks = 0;
    const counting = {
      name: 'never',
      refuse: () => ({ code: 'never', message: `was look ${(looks += 1)}` }),
      schema: {},
    };
    class Counted {
      @field(counting, { list: { max: 10_000 } }) values!: unknown[];
    }
    expect(refusalOf(() => readBody(Counted, { values: Array(7_000).fill(0) })).members.errors).toHaveLength(21);
    expect(looks).toBe(21);
  });

  it('lists a few of very many unknown members', () => {
    const body = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`member${index}`, 1]));
    expect(refusalOf(() => readBody(Address, body)).members.errors).toHaveLength(21);
  });
});

describe('class-validator beside our own rules', () => {
  class Contact {
    @Text({ max: 30 }) @IsEmail() email!: string;
    @IsOptional() @IsEmail() second?: string;
    @Allow() anything?: unknown;
  }

  it('is heard, under the snake case of its constraint', () => {
    expect(foundIn(Contact, { email: 'x', second: 'y' })).toEqual([
      'http.validation_failed',
      '/email is_email',
      '/second is_email',
    ]);
    expect(foundIn(Contact, { email: 5 })).toEqual(['http.validation_failed', '/email text']);
    expect(readBody(Contact, { email: 'a@b.example', anything: 1 })).toEqual({ email: 'a@b.example', anything: 1 });
  });

  it('is refused where it would read without bound', () => {
    class Loose {
      @ValidateNested({ each: true }) lines!: Line[];
    }
    expect(() => readBody(Loose, { lines: [] })).toThrow('use @Nested or @ListOf');
  });

  it('lets PartialType make members optional, but not null', () => {
    class Change extends PartialType(Order) {}
    expect(readBody(Change, {})).toEqual({});
    expect(readBody(Change, { remark: null })).toEqual({ remark: null });
    expect(foundIn(Change, { name: null })).toEqual(['http.validation_failed', '/name text']);
    expect(foundIn(Change, { lines: [[]] })).toEqual(['http.validation_failed', '/lines/0 object']);
  });

  it('lets a subclass add members', () => {
    class Better extends Address {
      @Flag() isHome!: boolean;
    }
    expect(readBody(Better, { city: 'Ulm', isHome: true })).toEqual({ city: 'Ulm', isHome: true });
  });
});

describe('any JSON whatever', () => {
  it('is either refused with a DomainError or becomes an order', () => {
    const members = fc.record(
      {
        name: fc.anything(),
        lines: fc.anything(),
        address: fc.anything(),
        tags: fc.anything(),
        remark: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), members), (body) => {
        try {
          expect(readBody(Order, body)).toBeInstanceOf(Order);
        } catch (error) {
          expect(error).toBeInstanceOf(DomainError);
        }
      }),
    );
  });
});
