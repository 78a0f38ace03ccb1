import { z } from 'zod';
import { commonFields, loadConfig, postgresUrl, secret, whole } from '#platform/config';

/** Everything the api reads from its environment. */
export const apiSchema = z.object({
  ...commonFields,
  PORT: whole(0, 65_535).prefault('3000').describe('Port of the public API.'),
  DATABASE_DIRECT_URL: postgresUrl()
    .optional()
    .describe(
      'The same past a transaction pooler, where one stands between: for listening and for the fence of the feed.',
    ),
  DATABASE_URL_RT: postgresUrl().describe('Database as the role app_rt: every request of a tenant.'),
  DATABASE_URL_PLATFORM: postgresUrl().describe('Database as the role app_platform: operator routes only.'),
  OPERATOR_TOKEN: secret()
    .refine((value) => value.startsWith('op_'), 'must start with op_')
    .describe("The platform operator's credential, `op_` and at least 32 characters."),
  TRUSTED_PROXIES: whole(0, 10)
    .prefault('0')
    .describe('How many proxies in front are trusted to name the client in X-Forwarded-For.'),
  API_PROCESSES: whole(1, 1_000)
    .prefault('1')
    .describe('How many api processes run: while Redis is away each grants its part of a rate limit.'),
});

/** The api's settings, checked. */
export type ApiConfig = z.infer<typeof apiSchema>;

/** @throws ConfigError */
export function apiConfig(env: NodeJS.ProcessEnv = process.env): ApiConfig {
  return loadConfig(apiSchema, env);
}
