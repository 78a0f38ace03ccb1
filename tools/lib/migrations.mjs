import { capture } from './commands.mjs';
import { inRoot } from './paths.mjs';
import { SetupError } from './setup-error.mjs';

/**
 * Brings roles and schema up to date.
 * @param {Record<string, string>} urls by variable: the owner's, and one per role
 * @returns {Promise<string>} what it did, in one line
 */
export async function runMigrations(urls) {
  const { code, output } = await capture([inRoot('dist', 'apps', 'worker', 'src', 'migrate.js')], urls);
  if (code !== 0) throw new SetupError('The database could not be migrated.', output);
  const names = /^applied (.+)$/m.exec(output)?.[1].split(', ') ?? [];
  return names.length > 0 ? `${names.length} migrations applied` : 'schema is up to date';
}
