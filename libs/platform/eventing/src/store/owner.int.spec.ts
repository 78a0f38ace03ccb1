import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { migrate } from '#platform/persistence';

const NAME = `recrate_test_owner_${randomBytes(5).toString('hex')}`;
const PASSWORD = randomBytes(12).toString('hex');
let admin: Client;
let ownerUrl: string;

beforeAll(async () => {
  const url = new URL(process.env['TEST_DATABASE_URL'] ?? '');
  admin = new Client({ connectionString: url.href });
  await admin.connect();
  await admin.query(`create role ${NAME} login nosuperuser nocreaterole password '${PASSWORD}'`);
  await admin.query(`create database ${NAME} owner ${NAME}`);
  [url.pathname, url.username, url.password] = [`/${NAME}`, NAME, PASSWORD];
  ownerUrl = url.href;
});
afterAll(async () => {
  await admin.query(`drop database ${NAME} with (force)`);
  await admin.query(`drop role ${NAME}`);
  await admin.end();
});

it('an owner that is no superuser is told what an administrator has to run, and then can migrate', async () => {
  await expect(migrate({ ownerUrl })).rejects.toThrow(`grant es_writer to ${NAME}`);
  await admin.query(`grant es_writer to ${NAME}`);
  expect(await migrate({ ownerUrl })).toContain('20261120103100-es-append');
  const owner = new Client({ connectionString: ownerUrl });
  await owner.connect();
  const { rows } = await owner.query(
    `select distinct proowner::regrole::text as owner, has_schema_privilege('es_writer', 'es', 'create') as creates
       from pg_proc where pronamespace = 'es'::regnamespace and proname like 'append%'`,
  );
  await owner.end();
  expect(rows).toEqual([{ owner: 'es_writer', creates: false }]);
});

it('an owner that made the roles itself joins es_writer only for the handing over', async () => {
  const { rows } = await admin.query(
    `select 1 from pg_auth_members where roleid = 'es_writer'::regrole and member = $1::regrole`,
    [NAME],
  );
  expect(rows).toHaveLength(1);
  await admin.query(`revoke es_writer from ${NAME}`);
  await admin.query(`grant es_writer to ${NAME} with admin true, set false, inherit false`);
  await admin.query(`drop database ${NAME} with (force)`);
  await admin.query(`create database ${NAME} owner ${NAME}`);
  await migrate({ ownerUrl });
  const after = await admin.query(
    `select set_option from pg_auth_members where roleid = 'es_writer'::regrole and member = $1::regrole order by 1`,
    [NAME],
  );
  expect(after.rows).toEqual([{ set_option: false }]);
});
