import { isWithin } from '#corrections';
import type { KeptCase } from './kept-case.js';

/**
 * Whether nothing can be corrected in this case any more: it has ended, nobody can have it reopened, and what was corrected
 * was looked at. Who keeps something for the next correction may forget it then.
 */
export function isOver({ record, details, pending, isAstray }: KeptCase, nowMs: number): boolean {
  if (pending !== undefined || isAstray) return false;
  if (record.state === 'WITHDRAWN') return true;
  const isLookedAt = record.correction === undefined || details.verification !== undefined;
  return record.state === 'CLOSED' && isLookedAt && !isWithin(record, 'appeal', nowMs);
}
