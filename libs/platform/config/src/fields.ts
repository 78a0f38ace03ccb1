import { z } from 'zod';

/** Secrets that ship in examples or come to mind first: production refuses them. */
const WEAK = /^(secret|changeme|change-me|password|example|test|development|default)|^(.)\2+$/i;
const WEAKEST_SECRET_CHARACTERS = 32;

/** A whole number within bounds. */
export const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be from ${min} to ${max}`);

/** A switch: `true` or `false`. */
export const flag = () => z.enum(['true', 'false']).transform((value) => value === 'true');

/** The URL of a PostgreSQL database, with the role that connects. */
export const postgresUrl = () => z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgresql:// URL' });

/** The URL of a Redis server. */
export const redisUrl = () => z.url({ protocol: /^rediss?$/, error: 'must be a redis:// URL' });

/** A secret of at least 32 characters that is none of the well-known ones. */
export const secret = () =>
  z
    .string()
    .min(
      WEAKEST_SECRET_CHARACTERS,
      `must have at least ${WEAKEST_SECRET_CHARACTERS} characters; make one with: openssl rand -base64 48`,
    )
    .refine((value) => !WEAK.test(value), 'is a well-known value; make one with: openssl rand -base64 48');

/** Variables that both apps read. */
export const commonFields = {
  NODE_ENV: z
    .enum(['development', 'test', 'production'])
    .default('development')
    .describe('What kind of installation this is. Production refuses to start with debugging switched on.'),
  HOST: z.string().min(1).default('127.0.0.1').describe('Address to listen on. Containers use 0.0.0.0.'),
  ADMIN_PORT: whole(0, 65_535).prefault('3001').describe('Port of probes and metrics; never exposed to the public.'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace'])
    .default('info')
    .describe('Least severe log line that is written.'),
  REDIS_URL: redisUrl()
    .optional()
    .describe(
      'Redis for wake-ups and rate limits. Without it the product runs degraded: limits are counted per process and work waits in PostgreSQL.',
    ),
  RECRATE_SECRET: secret().describe(
    'Secret of the installation: signs cursors, peppers key hashes, encrypts kept answers. Changing it makes every API key invalid.',
  ),
  UPLOADS_FOLDER: z
    .string()
    .min(1)
    .default('.data/uploads')
    .describe('Where uploaded files are kept. All api and worker processes share it.'),
  UPLOAD_MAX_MIB: whole(1, 1_048_576).prefault('2048').describe('Largest upload in MiB, as it is sent and unpacked.'),
  UPLOADS_TENANT_MIB: whole(1, 1_073_741_824).prefault('10240').describe('Room in MiB for all uploads of one store.'),
  UPLOAD_KEEP_DAYS: whole(1, 3_650).prefault('7').describe('How long an upload is kept that no job needs.'),
  POOL_MAX: whole(1, 500).prefault('10').describe('Most database connections this process opens per pool.'),
  STATEMENT_TIMEOUT_MS: whole(100, 600_000).prefault('5000').describe('A statement that runs longer is cancelled.'),
  ACQUIRE_TIMEOUT_MS: whole(50, 60_000)
    .prefault('1000')
    .describe('Longest wait for a free database connection before the answer is 503.'),
  SLOW_QUERY_MS: whole(1, 600_000)
    .prefault('250')
    .describe('Statements that take longer are logged, without their values.'),
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url()
    .optional()
    .describe('Where traces go, as OTLP over HTTP, for example http://collector:4318. Off when not set.'),
  NODE_OPTIONS: z.string().optional().describe("Node's own options. --inspect is refused in production."),
} as const;
