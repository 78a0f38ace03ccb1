import { describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import fc from 'fast-check';
import { runInContext } from './context.js';
import { type AppLogger, createLogger, type LogLevel } from './logger.js';

const CONTEXT = {
  requestId: 'req-12345678',
  traceId: 'a'.repeat(32),
  tenantId: '0190f3a2-1234-7123-8123-123456789012',
  actor: 'key:1',
  route: '/api/v1/things/:id',
};

function given(level?: LogLevel): { logger: AppLogger; raw: string[]; lines: () => Record<string, unknown>[] } {
  const raw: string[] = [];
  const logger = createLogger({ service: 'api', level, destination: { write: (line) => void raw.push(line) } });
  return { logger, raw, lines: () => raw.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe('given a message inside a request', () => {
  it('then the line tells time, level, service and whose request it is', () => {
    const { logger, lines } = given();
    runInContext({ ...CONTEXT }, () => logger.log('stock received', 'Inventory'));
    expect(lines()).toEqual([
      { level: 'info', time: expect.stringMatching(/^\d{4}-.*Z$/), service: 'api', ...CONTEXT, logger: 'Inventory', msg: 'stock received' }, // prettier-ignore
    ]);
  });

  it('then fields of the record win over the context, but not over level, time and service', () => {
    const { logger, lines } = given();
    runInContext({ ...CONTEXT }, () =>
      logger.warn({ msg: 'x', tenantId: 'other', level: 'fatal', time: 'never', service: 'bank', durationMs: 3 }),
    );
    expect(lines()[0]).toMatchObject({
      level: 'warn',
      service: 'api',
      tenantId: 'other',
      level_: 'fatal',
      durationMs: 3,
    });
  });
});

describe('given what Nest and others hand to a logger', () => {
  it('then objects become fields, errors keep their stack, further texts join the message', () => {
    const { logger, lines } = given('trace');
    logger.log({ msg: 'slow query', durationMs: 512 }, 'Database');
    logger.error('boom', 'Error: boom\n    at file.ts:1:1', 'Http');
    logger.error(new TypeError('no such thing'));
    logger.warn('failed', { jobId: 'job_1' }, new Error('because'), 'Jobs');
    logger.debug({ only: 'fields' });
    logger.verbose(undefined, 'Quiet');
    logger.fatal(42);
    expect(lines()).toMatchObject([
      { level: 'info', logger: 'Database', msg: 'slow query', durationMs: 512 },
      { level: 'error', logger: 'Http', msg: 'boom', stack: 'Error: boom\n    at file.ts:1:1' },
      { level: 'error', msg: 'no such thing', error: { type: 'TypeError' } },
      { level: 'warn', logger: 'Jobs', msg: 'failed because', jobId: 'job_1' },
      { level: 'debug', only: 'fields', msg: '' },
      { level: 'trace', logger: 'Quiet' },
      { level: 'fatal', msg: '42' },
    ]);
  });

  it('then every new Logger(name) of Nest writes through it', () => {
    const { logger, lines } = given();
    Logger.overrideLogger(logger);
    new Logger('Anything').warn({ msg: 'idle database connection lost', error: 'ECONNRESET' });
    Logger.overrideLogger(false);
    expect(lines()).toMatchObject([{ level: 'warn', logger: 'Anything', error: 'ECONNRESET' }]);
  });

  it('then lines below the level are not written', () => {
    const { logger, raw } = given('warn');
    logger.log('no');
    logger.debug('no');
    logger.error('yes');
    expect(raw).toHaveLength(1);
  });
});

describe('given hostile input in every place', () => {
  const hostile = [
    'a\nb\r\n{"level":"fatal","msg":"forged"}',
    '{"level":"fatal"}',
    '","level":"fatal","x":"',
    '\u001b[31mred\u001b[0m\u009b2J',
    'a\u2028b\u2029c\u0085d',
    '%s %d %j %o %',
    '\ud800 lone',
    '__proto__',
    'x'.repeat(20_000),
  ];

  it.each(hostile)('then record %#. is one line of JSON with the level it was written at', (text) => {
    const { logger, raw, lines } = given();
    logger.log(text, text, { [text]: text, nested: { [text]: [text] } }, new Error(text), text);
    expect(raw).toHaveLength(1);
    expect(raw[0]).toMatch(/^[^\n\r\u2028\u2029\u0085\u001b\u009b]*\n$/);
    expect(lines()[0]?.level).toBe('info');
    expect(raw[0]?.match(/"level":/g)).toHaveLength(1);
  });

  it('then any text is one line that holds the text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 50 }),
        fc.dictionary(fc.string(), fc.string()),
        (text, fields) => {
          const { logger, raw } = given();
          logger.log(text, fields);
          expect(raw).toHaveLength(1);
          expect(raw[0]?.indexOf('\n')).toBe((raw[0]?.length ?? 0) - 1);
          expect(() => JSON.parse(raw[0] ?? '') as unknown).not.toThrow();
        },
      ),
    );
  });

  it('then no secret is in any line', () => {
    const { logger, raw } = given();
    const secrets = [
      'rk_live_abc123_ZZZZZZZZZZZZZZZZZZZZZZZZZZZZ',
      'op_ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ',
      '4111111111111111',
    ];
    for (const secret of secrets) {
      logger.log(secret, secret, { [secret]: secret, password: secret, a: [secret] }, new Error(secret), secret);
      logger.error(
        { msg: secret, cause: { token: secret, text: `key ${secret}` } },
        `Error: ${secret}\n    at x`,
        secret,
      );
    }
    expect(secrets.filter((secret) => raw.join('').includes(secret))).toEqual([]);
  });
});
