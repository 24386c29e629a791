import { pino, type Logger as PinoLogger } from 'pino';

export type Logger = PinoLogger;
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** An error without what it carries along: a failed statement's parameters are its callers' data. */
function describeError(error: Error): object {
  const { name, message, stack } = error;
  const { code, query } = error as { code?: unknown; query?: unknown };
  const statement = typeof query === 'string' ? /^\/\* ([\w.]+) \*\//.exec(query)?.[1] : undefined;
  const cause = error.cause instanceof Error ? describeError(error.cause) : undefined;
  return { type: name, message, stack, code, statement, cause };
}

/** JSON lines on standard output. ERROR means that a person must act; a healthy day has none. */
export function createLogger(level: LogLevel): Logger {
  return pino({
    level,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: describeError },
    redact: ['authorization', '*.authorization', '*.token', '*.secret'],
  });
}
