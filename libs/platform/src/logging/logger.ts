import { pino, type DestinationStream, type Logger as Pino } from 'pino';
import { safeFields, type LogFields } from './safe-fields.js';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

type Log = (fieldsOrMessage: LogFields | string, message?: string) => void;

/**
 * What every app logs with. The message is a fixed sentence; what varies goes into flat fields, an error under `err`.
 * Fields pass through `safeFields`, so there is no way to log a URL, a header, a body or an object by accident.
 */
export class Logger {
  readonly debug: Log;
  readonly info: Log;
  readonly warn: Log;
  readonly error: Log;
  readonly fatal: Log;

  constructor(private readonly target: Pino) {
    const at = (level: 'debug' | 'info' | 'warn' | 'error' | 'fatal'): Log => {
      return (fieldsOrMessage, message) => {
        if (!target.isLevelEnabled(level)) return;
        if (typeof fieldsOrMessage === 'string') target[level](fieldsOrMessage);
        else target[level](safeFields(fieldsOrMessage), message);
      };
    };
    this.debug = at('debug');
    this.info = at('info');
    this.warn = at('warn');
    this.error = at('error');
    this.fatal = at('fatal');
  }

  /** A logger whose every line says which part of the app speaks. */
  child(part: string): Logger {
    return new Logger(this.target.child({ part }));
  }
}

export interface LoggerOptions {
  readonly level?: LogLevel;
  /** Where lines go; standard output by default. Tests pass their own. */
  readonly destination?: DestinationStream;
}

/** One JSON object per line, with the app's name. */
export function createLogger(app: string, options: LoggerOptions = {}): Logger {
  const settings = { base: { app }, level: options.level ?? 'info', timestamp: pino.stdTimeFunctions.isoTime };
  return new Logger(options.destination === undefined ? pino(settings) : pino(settings, options.destination));
}

/** Writes nothing; for tests. */
export function silentLogger(): Logger {
  return createLogger('silent', { level: 'silent' });
}
