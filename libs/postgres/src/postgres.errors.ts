import { AppError, defineErrors } from '#kernel';

export const postgresErrors = defineErrors('postgres', {
  'database-unavailable': {
    kind: 'unavailable',
    message: 'The database does not answer',
    next: 'Try again; if it lasts, look at the database of this process',
  },
  'database-overloaded': {
    kind: 'unavailable',
    message: 'The database took too long',
    next: 'Try again later; if it lasts, look for what holds its locks or its disk',
  },
  'database-conflict': {
    kind: 'conflict',
    message: 'The change meets another one that was there first',
    next: 'Read the present state, then decide again',
  },
  'database-failed': {
    kind: 'broken',
    message: 'The database refused a statement',
    next: 'This is a fault of Kerege: report it with the code in the details',
  },
  'database-migration-failed': {
    kind: 'broken',
    message: 'The tables could not be brought to this version',
    next: 'Look at the cause in the details; nothing was changed, and an older version still runs',
  },
  'database-schema-behind': {
    kind: 'unavailable',
    message: 'The tables are not of this version, and the role that connects may not change them',
    next: 'Start once with DATABASE_OWNER_URL, which names the role that owns the schema',
  },
  'database-role-excess': {
    kind: 'broken',
    message: 'The role of this process can do more in the database than it needs',
    next: 'Connect with a role of its own: DATABASE_URL for the app, DATABASE_OWNER_URL for its migrations',
  },
  'database-eraser-missing': {
    kind: 'invalid',
    message: 'No role is given that may erase rows whose time is over',
    next: 'Set DATABASE_ERASER_URL',
  },
});

const OVERLOADED = new Set(['57014', '55P03', '53300', '25P03']);
const CONFLICT = new Set(['23505', '23P01', '40001', '40P01']);

/**
 * Maps what the driver threw to our codes. Only the SQLSTATE and the names of table and constraint are kept: messages
 * and details of PostgreSQL quote values, and values may be personal data. For the same reason there is no `cause`.
 *
 * NOTE: after `database-unavailable` nobody knows whether a commit took place; the caller has to look.
 */
export function toDatabaseError(cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const details = detailsOf(cause);
  const state = details.sqlState;
  // No SQLSTATE: the connection failed. Class 08 and 57P0x say the same in the server's words.
  if (state === undefined || /^(08|57P)/.test(state))
    return postgresErrors.error('database-unavailable', { details: { ...details, driver: driverMessage(cause) } });
  if (OVERLOADED.has(state)) return postgresErrors.error('database-overloaded', { details });
  if (CONFLICT.has(state)) return postgresErrors.error('database-conflict', { details });
  return postgresErrors.error('database-failed', { details });
}

interface ErrorDetails {
  readonly sqlState?: string;
  readonly table?: string;
  readonly constraint?: string;
  readonly [name: string]: unknown;
}

function detailsOf(cause: unknown): ErrorDetails {
  if (!(cause instanceof Error)) return {};
  const source = driverError(cause);
  const text = (name: string): string | undefined => {
    const value: unknown = Reflect.get(source, name);
    return typeof value === 'string' ? value : undefined;
  };
  const state = text('code');
  const table = text('table');
  const constraint = text('constraint');
  return {
    ...(state !== undefined && /^[0-9A-Z]{5}$/.test(state) ? { sqlState: state } : {}),
    ...(table === undefined ? {} : { table }),
    ...(constraint === undefined ? {} : { constraint }),
  };
}

/** TypeORM wraps what the driver threw. */
function driverError(cause: Error): object {
  return 'driverError' in cause && cause.driverError instanceof Object ? cause.driverError : cause;
}

/** A failed connection's own words (ECONNREFUSED, time-out): they hold addresses, never values of a row. */
function driverMessage(cause: unknown): string {
  return cause instanceof Error ? cause.message.slice(0, 200) : typeof cause;
}
