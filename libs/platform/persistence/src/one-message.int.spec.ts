import { afterAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { newUuid } from '#platform/kernel';
import { A, B, openThings } from '../testing/things.js';
import type { Unit } from './unit.js';

const { database, databases, work, add, close } = await openThings();

afterAll(close);
beforeEach(() => database.admin('delete from probe.thing'));

describe('a read of one statement', () => {
  const SQL = 'select name from probe.thing where name = $1 or $1 is null';
  const only = (tenantId: string, name: string | null) =>
    work.run({ tenantId, readOnly: true }, (unit) => unit.only<{ name: string }>('probe-only', SQL, [name]));

  it('answers the same in one message as in three, for its own tenant only', async () => {
    await add(A, `it's "A" \\ ☃`);
    await add(B, 'of B');
    for (let turn = 0; turn < 20; turn++) {
      expect(await only(A, `it's "A" \\ ☃`)).toEqual([{ name: `it's "A" \\ ☃` }]);
      expect(await only(B, null)).toEqual([{ name: 'of B' }]);
      expect(await only(B, `it's "A" \\ ☃`)).toEqual([]);
    }
  });

  it('answers the same for a text that is too long to be written into a message', async () => {
    const long = `it's ${'long '.repeat(1_000)}`;
    await add(A, long);
    for (let turn = 0; turn < 8; turn++) {
      expect(await only(A, long)).toEqual([{ name: long }]);
      expect(await only(B, long)).toEqual([]);
    }
  });

  it('goes on when the server has forgotten the statement', async () => {
    await add(A, 'kept');
    for (let turn = 0; turn < 4; turn++) await only(A, 'kept');
    const pool = databases.get('main').pool;
    const clients = await Promise.all(Array.from({ length: 4 }, () => pool.connect()));
    for (const client of clients) await client.query('deallocate all');
    for (const client of clients) client.release();
    for (let turn = 0; turn < 8; turn++) expect(await only(A, 'kept')).toEqual([{ name: 'kept' }]);
  });

  it('leaves no transaction open, whether it succeeds or fails', async () => {
    await only(A, null);
    const failing = work.run({ tenantId: A, readOnly: true }, (unit) =>
      unit.only('probe-division', 'select 1 / $1::int', [0]),
    );
    await expect(failing).rejects.toMatchObject({ code: '22012' });
    const again = work.run({ tenantId: A, readOnly: true }, (unit) =>
      unit.only('probe-division', 'select 1 / $1::int', [0]),
    );
    await expect(again).rejects.toMatchObject({ code: '22012' });
    const open = await database.admin(
      `select 1 from pg_stat_activity where datname = current_database() and state like 'idle in%'`,
    );
    expect(open).toEqual([]);
  });

  it('runs in the transaction of a unit that has begun', async () => {
    await work.run({ tenantId: A }, async (unit) => {
      await unit.run('insert into probe.thing (tenant_id, id, name) values ($1, $2, $3)', [A, newUuid(), 'mine']);
      expect(await unit.only('probe-only', SQL, ['mine'])).toEqual([{ name: 'mine' }]);
    });
  });
});

describe('a setting', () => {
  const SET = `select current_setting('app.probe', true) as value`;
  const read = (unit: Unit) => unit.prepared<{ value: string }>('probe-setting', SET, []);
  const within = <T>(use: (unit: Unit) => Promise<T>, readOnly = true) => work.run({ tenantId: A, readOnly }, use);

  it.each([`it's "A" \\ ☃`, `'); drop table probe.thing; --`, ''])(
    'of %p is there for the next statement alone',
    async (text) => {
      for (let turn = 0; turn < 8; turn++) {
        const values = await within(async (unit) => {
          await unit.setLocal({ 'app.probe': 'earlier' });
          await unit.setLocal({ 'app.probe': text });
          return [await read(unit), await read(unit), await unit.rows<{ value: string }>(SET)];
        });
        expect(values.flat().map(({ value }) => value)).toEqual([text, text, text]);
        const [after] = await within(read);
        expect(after?.value ?? '').toBe('');
      }
    },
  );

  it('and the beginning travel with a prepared statement in one message', async () => {
    for (let turn = 0; turn < 8; turn++) await within(read);
    const { messages, rows } = await within(async (unit) => {
      const query = jest.spyOn(unit.client, 'query');
      await unit.setLocal({ 'app.probe': 'there' });
      const rows = await read(unit);
      const messages = query.mock.calls.length;
      query.mockRestore();
      return { messages, rows };
    });
    expect({ messages, rows }).toEqual({ messages: 1, rows: [{ value: 'there' }] });
  });

  it('outlives a savepoint that was set after it and failed', async () => {
    const rows = await within(async (unit) => {
      await unit.setLocal({ 'app.probe': 'kept' });
      await expect(unit.savepoint(() => unit.rows('select 1 / 0'))).rejects.toMatchObject({ code: '22012' });
      return read(unit);
    }, false);
    expect(rows).toEqual([{ value: 'kept' }]);
  });

  it('goes with a savepoint that failed before anything was asked in it', async () => {
    const rows = await within(async (unit) => {
      await unit.setLocal({ 'app.probe': 'kept' });
      const failing = unit.savepoint(async () => {
        await unit.setLocal({ 'app.probe': 'gone' });
        throw new Error('given up');
      });
      await expect(failing).rejects.toThrow('given up');
      return read(unit);
    }, false);
    expect(rows).toEqual([{ value: 'kept' }]);
  });

  it('is there where the server has forgotten the statement', async () => {
    const onAll = (use: (unit: Unit) => Promise<unknown>) => Promise.all(Array.from({ length: 4 }, () => within(use)));
    await onAll(read);
    await onAll(async (unit) => void (await unit.client.query('deallocate all')));
    for (let turn = 0; turn < 3; turn++) {
      const rows = await onAll(async (unit) => {
        await unit.setLocal({ 'app.probe': String(turn) });
        return read(unit);
      });
      expect(rows).toEqual(Array.from({ length: 4 }, () => [{ value: String(turn) }]));
    }
  });

  it('that no text can hold is refused as any such value is', async () => {
    const failing = within((unit) => unit.setLocal({ 'app.probe': 'a\0b' }));
    await expect(failing).rejects.toMatchObject({ code: '22021' });
  });
});
