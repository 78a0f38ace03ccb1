import type { Client } from 'pg';
import { pgCode } from './pg-errors.js';

/** Roles that log in, and the app that uses each. None owns a table, none bypasses row-level security. */
export const LOGIN_ROLES = ['app_rt', 'app_worker', 'app_platform', 'app_ro'] as const;
/** Owns the append functions of the event store and nothing else; nobody logs in as it. */
export const WRITER_ROLE = 'es_writer';

/** A role that logs in. */
export type LoginRole = (typeof LOGIN_ROLES)[number];

const ATTRIBUTES = 'nosuperuser nocreatedb nocreaterole noreplication nobypassrls';
/** Two migrations in one cluster may create the same role at once: a role is the cluster's, the advisory lock the database's. */
const LOST_RACE = new Set(['42710', '23505', 'XX000']);

/** The SQL that makes every role, for an owner without CREATEROLE to hand to an administrator. */
export function rolesSql(passwords: Partial<Record<LoginRole, string>> = {}): string[] {
  const logins = LOGIN_ROLES.map((role) => {
    const password = passwords[role];
    return `create role ${role} login ${ATTRIBUTES}${password ? ` password '${password.replaceAll("'", "''")}'` : ''}`;
  });
  return [...logins, `create role ${WRITER_ROLE} nologin ${ATTRIBUTES}`];
}

/**
 * Makes the roles that are missing and sets the passwords that are given.
 * @throws Error whose message is the SQL to run when the owner may not create roles
 */
export async function ensureRoles(owner: Client, passwords: Partial<Record<LoginRole, string>>): Promise<void> {
  const { rows } = await owner.query<{ rolname: string }>('select rolname from pg_roles where rolname = any($1)', [
    [...LOGIN_ROLES, WRITER_ROLE],
  ]);
  const present = new Set(rows.map((row) => row.rolname));
  for (const sql of rolesSql(passwords)) {
    const role = sql.split(' ')[2] ?? '';
    if (!present.has(role)) await createRole(owner, sql, passwords);
    else if (isLogin(role) && passwords[role]) await setPassword(owner, role, passwords[role]);
  }
}

async function createRole(owner: Client, sql: string, passwords: Partial<Record<LoginRole, string>>): Promise<void> {
  try {
    await owner.query(sql);
  } catch (error) {
    const code = pgCode(error) ?? '';
    if (LOST_RACE.has(code)) return;
    if (code !== '42501') throw error;
    const masked = Object.fromEntries(Object.keys(passwords).map((role) => [role, `<password of ${role}>`]));
    throw new Error(
      `The owner of the database may not create roles. Have an administrator run, then start again:\n  ${rolesSql(masked).join(';\n  ')};`,
      { cause: error },
    );
  }
}

/** Setting a password needs rights on the role; without them the given URL must simply be right. */
async function setPassword(owner: Client, role: LoginRole, password: string): Promise<void> {
  try {
    await owner.query(`alter role ${role} password '${password.replaceAll("'", "''")}'`);
  } catch (error) {
    if (!['42501', 'XX000'].includes(pgCode(error) ?? '')) throw error;
  }
}

const isLogin = (role: string): role is LoginRole => (LOGIN_ROLES as readonly string[]).includes(role);
