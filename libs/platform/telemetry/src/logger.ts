import { isNativeError } from 'node:util/types';
import type { LoggerService } from '@nestjs/common';
import { type DestinationStream, type Level, type Logger, pino, stdTimeFunctions } from 'pino';
import { currentContext, type TelemetryContext } from './context.js';
import { counter } from './metrics.js';
import { redact, redactText } from './redact.js';
import { activeTraceId } from './tracing.js';

/** Levels in falling order; `silent` writes nothing. */
export type LogLevel = Level | 'silent';

/** What an app hands to `createLogger`. */
export interface LoggerOptions {
  /** Which app writes: `api` or `worker`. */
  readonly service: string;
  readonly level?: LogLevel;
  /** Where lines go; standard output unless given. */
  readonly destination?: DestinationStream;
}

/** Bytes that wait for a slow reader of standard output; beyond it lines are dropped and counted, memory is kept. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
/** Lines are written in blocks, at the latest after this time: a write per line costs more than the line. */
const FLUSH_MS = 100;
const RESERVED = ['level', 'time', 'service', 'msg'];
const STACK = /^.*\n\s+at /;

/** One JSON line per record, whatever is in it, with the running context's fields and without secrets. */
export class AppLogger implements LoggerService {
  readonly log = this.at('info');
  readonly error = this.at('error');
  readonly warn = this.at('warn');
  readonly debug = this.at('debug');
  readonly verbose = this.at('trace');
  readonly fatal = this.at('fatal');

  constructor(private readonly pino: Logger) {}

  /** Writes fields that hold nothing from outside, unchecked: for the line per request, which must stay cheap. */
  record(level: Level, msg: string, fields: object, context: TelemetryContext | undefined): void {
    if (context === undefined) return this.pino[level](fields, msg);
    const { requestId, traceId, tenantId, actor, route } = context;
    this.pino[level]({ requestId, traceId: activeTraceId() ?? traceId, tenantId, actor, route, ...fields }, msg);
  }

  /** Resolves when all lines so far are written. */
  async flush(): Promise<void> {
    await new Promise<void>((resolve) => this.pino.flush(() => resolve()));
  }

  /** Nest calls with `(message, ...params, context)`; params may hold a stack, an error or an object of fields. */
  private at(level: Level): (message: unknown, ...rest: unknown[]) => void {
    return (message, ...rest) => {
      if (!this.pino.isLevelEnabled(level)) return;
      const fields: Record<string, unknown> = {};
      const last = rest.at(-1);
      const named = typeof last === 'string' && !STACK.test(last);
      if (named) fields.logger = redactText(last);
      const params = named ? rest.slice(0, -1) : rest;
      const words = [message, ...params].map((param) => addTo(fields, param)).filter((word) => word !== undefined);
      this.record(level, words.join(' '), fields, currentContext());
    };
  }
}

/** A logger for one app; give it to `NestFactory.create` as `logger` so that every `new Logger(name)` writes through it. */
export function createLogger({ service, level = 'info', destination }: LoggerOptions): AppLogger {
  const options = {
    level,
    base: { service },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: (value: unknown) => value },
  };
  return new AppLogger(pino(options, destination ?? standardOutput()));
}

function standardOutput(): DestinationStream {
  const dropped = counter('app_log_lines_dropped_total', 'Log lines dropped because standard output was not read.');
  const writing = { minLength: 4_096, maxLength: MAX_WAITING_BYTES, periodicFlush: FLUSH_MS };
  const stream = pino.destination({ dest: 1, sync: false, ...writing });
  stream.on('drop', () => dropped.inc());
  return stream;
}

/** Adds an object's members or an error to the fields; answers what belongs into the message. */
function addTo(fields: Record<string, unknown>, value: unknown): string | undefined {
  if (isNativeError(value)) {
    fields.error = redact(value);
    return redactText(String(value.message));
  }
  if (typeof value === 'string' && STACK.test(value)) {
    fields.stack = redactText(value);
    return undefined;
  }
  const safe = redact(value);
  if (safe === undefined) return undefined;
  if (typeof safe !== 'object' || safe === null || Array.isArray(safe)) return text(safe);
  for (const [name, member] of Object.entries(safe)) fields[RESERVED.includes(name) ? `${name}_` : name] = member;
  const { msg_: msg } = fields;
  delete fields.msg_;
  return msg === undefined ? undefined : text(msg);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
