import { z } from 'zod';

/** The settings cannot be used; the message names each variable and what to do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads and checks an app's settings once. An empty variable counts as not set.
 * @throws ConfigError naming every variable that is missing, malformed or too weak; values are never in the message
 */
export function loadConfig<S extends z.ZodObject>(
  schema: S,
  env: Readonly<Record<string, string | undefined>>,
): z.infer<S> {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const result = schema.safeParse(given);
  const problems = result.success ? [] : result.error.issues.map(problemLine);
  if (given['NODE_ENV'] === 'production' && /--inspect/.test(given['NODE_OPTIONS'] ?? '')) {
    problems.push('NODE_OPTIONS opens a debugger, which production refuses');
  }
  if (problems.length > 0) throw new ConfigError(`the settings cannot be used:\n  ${problems.join('\n  ')}`);
  return result.data as z.infer<S>;
}

function problemLine(issue: z.core.$ZodIssue): string {
  const name = String(issue.path[0] ?? 'settings');
  const missing = issue.code === 'invalid_type' && issue.input === undefined;
  return missing ? `${name} is not set` : `${name} ${issue.message}`;
}
