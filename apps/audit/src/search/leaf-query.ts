import { ok, refuse, type Result } from '#kernel';
import type { Reader } from '../reader-auth/reader.js';

/** What a search may name; all that are given must hold. Times are milliseconds, `until` exclusive. */
export interface LeafFilter {
  readonly from?: number;
  readonly until?: number;
  /** Member or subsystem, as consumer or as provider. */
  readonly party?: string;
  /** Member or subsystem. */
  readonly consumer?: string;
  readonly provider?: string;
  readonly service?: string;
  readonly type?: string;
  /** 2 for 2xx. */
  readonly statusClass?: number;
  readonly reason?: string;
  readonly side?: string;
  /** Exchange id, as a UUID. */
  readonly exchange?: string;
  readonly purpose?: string;
}

/** What of the log a reader may see at all, and how much of each leaf. */
export interface Scope {
  /** Only leaves whose consumer or provider it is; undefined: all. */
  readonly party: string | undefined;
  /** `state`: what became of an exchange, not who asked whom why. */
  readonly shows: 'metadata' | 'state';
}

export type ScopeReason = 'exchange-id-only';

/**
 * The reader's scope for a query. It is laid over the query by whoever reads the tables, so no filter, cursor or id can
 * widen it. The help desk asks by exchange id and nothing else: it may tell a caller how one call ended.
 */
export function scopeOf({ id, role }: Reader, filter: LeafFilter): Result<Scope, ScopeReason> {
  if (role === 'member') return ok({ party: id, shows: 'metadata' });
  if (role === 'auditor') return ok({ party: undefined, shows: 'metadata' });
  const named = Object.entries(filter).filter(([, value]) => value !== undefined);
  if (named.length !== 1 || filter.exchange === undefined) return refuse('exchange-id-only');
  return ok({ party: undefined, shows: 'state' });
}

/** One spelling of a query, for its digest in the log and for cursors: names sorted, nothing that was not given. */
export function spellQuery(query: object): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  return JSON.stringify(Object.fromEntries(given.sort(([a], [b]) => (a < b ? -1 : 1))));
}
