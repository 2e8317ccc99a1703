/** Where the bus tells the operator what happens; pino's loggers fit. Never a key, a value or a header of a record. */
export interface BusLogger {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

const nothing = (): void => undefined;

/** For tests and tools that want no log. */
export const silentLogger: BusLogger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
