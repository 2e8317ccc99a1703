import { outcomeReasons, type WhyCode } from '#access';
import type { ErrorEntry, ErrorKind } from '#kernel';

/** The catalogue entry of a stated reason: status and fault stand in `#access`, here only what a human is told. */
export function reasonEntry(code: WhyCode, message: string, next: string): ErrorEntry {
  const { status, fault } = outcomeReasons[code];
  return { kind: kindOf(status), status, fault, message, next };
}

function kindOf(status: number): ErrorKind {
  if (status >= 500) return 'unavailable';
  if (status === 403) return 'refused';
  return status === 404 ? 'not-found' : 'invalid';
}
