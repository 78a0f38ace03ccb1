import { LOGIN_ROLES, type LoginRole, migrate } from '#platform/persistence';

const URL_OF_ROLE: Record<LoginRole, string> = {
  app_rt: 'DATABASE_URL_RT',
  app_worker: 'DATABASE_URL_WORKER',
  app_platform: 'DATABASE_URL_PLATFORM',
  app_ro: 'DATABASE_URL_RO',
};

/** The password in a role's URL, where the URL is given and is that role's. */
function passwordOf(role: LoginRole): [LoginRole, string][] {
  const text = process.env[URL_OF_ROLE[role]];
  if (!text) return [];
  const url = new URL(text);
  return url.username === role && url.password ? [[role, decodeURIComponent(url.password)]] : [];
}

try {
  const ownerUrl = process.env['DATABASE_URL'];
  if (!ownerUrl) throw new Error('DATABASE_URL is not set: give the URL of the owner of the tables');
  const applied = await migrate({ ownerUrl, passwords: Object.fromEntries(LOGIN_ROLES.flatMap(passwordOf)) });
  process.stdout.write(applied.length > 0 ? `applied ${applied.join(', ')}\n` : 'the schema is up to date\n');
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
