import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { configurationPage } from './document.js';
import { commonFields, flag, postgresUrl, secret, whole } from './fields.js';
import { ConfigError, loadConfig } from './load.js';

const schema = z.object({
  ...commonFields,
  PORT: whole(0, 65_535).prefault('3000').describe('Port of the API.'),
  DATABASE_URL: postgresUrl().describe('The database.'),
  VERBOSE: flag().optional().describe('Say more.'),
  TOKEN: secret().describe('A credential.'),
});
const good = {
  DATABASE_URL: 'postgresql://app@127.0.0.1/x',
  RECRATE_SECRET: 'k'.repeat(16) + 'j'.repeat(16),
  TOKEN: 't0k3n'.repeat(8),
};

const problemsOf = (env: Record<string, string | undefined>): string => {
  try {
    loadConfig(schema, env);
    return '';
  } catch (error) {
    return error instanceof ConfigError ? error.message : `not a ConfigError: ${String(error)}`;
  }
};

describe('loadConfig', () => {
  it('reads numbers and switches and fills in defaults', () => {
    const config = loadConfig(schema, { ...good, PORT: '8080', VERBOSE: 'true' });
    expect(config).toMatchObject({
      PORT: 8080,
      VERBOSE: true,
      ADMIN_PORT: 3001,
      NODE_ENV: 'development',
      HOST: '127.0.0.1',
    });
  });

  it('takes an empty variable for one that is not set', () => {
    expect(loadConfig(schema, { ...good, PORT: '', REDIS_URL: '' })).toMatchObject({ PORT: 3000 });
  });

  it('names every variable that is wrong, at once', () => {
    const message = problemsOf({ PORT: '70000', DATABASE_URL: 'mysql://x', RECRATE_SECRET: 'short' });
    expect(message).toContain('PORT must be from 0 to 65535');
    expect(message).toContain('DATABASE_URL must be a postgresql:// URL');
    expect(message).toContain('RECRATE_SECRET must have at least 32 characters');
    expect(message).toContain('TOKEN is not set');
  });

  it.each([
    ['PORT', '80x'],
    ['PORT', '-1'],
    ['PORT', '1.5'],
    ['VERBOSE', 'yes'],
    ['NODE_ENV', 'staging'],
    ['LOG_LEVEL', 'loud'],
    ['REDIS_URL', 'http://127.0.0.1'],
    ['POOL_MAX', '0'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'nowhere'],
  ])('refuses %s=%s and keeps the value out of its words', (name, value) => {
    const message = problemsOf({ ...good, [name]: value });
    expect(message).toContain(name);
    if (value.length > 3) expect(message.replace('postgresql', '')).not.toContain(value);
  });

  it.each(['secret'.padEnd(40, 'x'), 'changeme'.padEnd(40, '1'), 'a'.repeat(40)])(
    'refuses the weak secret %s',
    (weak) => {
      expect(problemsOf({ ...good, TOKEN: weak })).toContain('TOKEN is a well-known value');
    },
  );

  it('refuses a debugger in production only', () => {
    expect(problemsOf({ ...good, NODE_ENV: 'production', NODE_OPTIONS: '--inspect=0.0.0.0' })).toContain(
      'NODE_OPTIONS opens a debugger',
    );
    expect(problemsOf({ ...good, NODE_ENV: 'development', NODE_OPTIONS: '--inspect' })).toBe('');
  });
});

describe('configurationPage', () => {
  it('lists each variable once with its readers, default and purpose', () => {
    const page = configurationPage([
      { app: 'api', schema },
      { app: 'worker', schema: z.object(commonFields) },
    ]);
    expect(page).toContain('| `PORT` | api | `3000` | Port of the API. |');
    expect(page).toContain('| `TOKEN` | api | **required** | A credential. |');
    expect(page).toContain('| `VERBOSE` | api | not set | Say more. |');
    expect(page).toMatch(/\| `HOST` \| api, worker \| `127.0.0.1` \|/);
  });
});
