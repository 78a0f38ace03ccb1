// A target of imports that shows every effect applied twice: it adds a quantity instead of setting one. What a record's title says
// can go wrong goes wrong. Plain JavaScript, so that workers in processes of their own use the very same.
import { setTimeout as sleep } from 'node:timers/promises';

/** The table, with the guards of every tenant table. */
export const ADDITIVE_TABLE = `create table probe.additive (
  tenant_id uuid not null, external_id text not null, release_id uuid not null default gen_random_uuid(),
  quantity integer not null default 0, version integer not null default 1, title text check (title <> 'refused by the database'),
  primary key (tenant_id, external_id))`;

const ADD = `
  insert into probe.additive as a (tenant_id, external_id, quantity, title)
  select $1, r.* from unnest($2::text[], $3::int[], $4::text[]) as r(external_id, quantity, title) order by external_id
  on conflict (tenant_id, external_id) do update set quantity = a.quantity + excluded.quantity, version = a.version + 1
  returning external_id, release_id, version`;

/** @param {() => import('pg').ClientBase} unit the open unit of work */
export async function addRecords(unit, records, delayMs = 0) {
  if (delayMs > 0) await sleep(delayMs);
  for (const { release } of records) {
    if (release?.title === 'kills its worker') process.kill(process.pid, 'SIGKILL');
    if (release?.title === 'is a defect') throw new TypeError('a defect');
    if (release?.title === 'finds the database away') throw Object.assign(new Error('away'), { code: '57P03' });
  }
  const rows = await unit.rows(ADD, [
    unit.tenantId,
    records.map(({ releaseKey }) => releaseKey),
    records.map(({ release }) => Number(release?.weightGrams ?? 1)),
    records.map(({ release }) => release?.title ?? null),
  ]);
  const byId = new Map(rows.map((row) => [row.external_id, row]));
  return records.map(({ releaseKey, release }) => {
    if (release?.title === 'refused by the catalogue') {
      const failure = { class: 'validation', code: 'catalog.refused', field: '/title', message: 'No such title.' };
      return { release: { outcome: 'failed', ...failure } };
    }
    const row = byId.get(releaseKey);
    return {
      release: { outcome: row.version === 1 ? 'created' : 'updated', id: row.release_id, version: row.version },
    };
  });
}
