import { toBase64Url, type SubsystemId } from '#kernel';
import { parseStatement, verifyStatement, type PublicJwk } from '#signing';
import type { StatedStep } from './one-case.store.js';
import type { Period } from './step-times.js';

/** Whether each transition names the one before, from the first on; what its statement says, not what a row says. */
export function isChainWhole(steps: readonly StatedStep[]): boolean {
  return steps.every(({ seq, statement, leafHash }, at) => {
    const read = statement === undefined ? undefined : parseStatement(statement);
    if (read?.ok !== true || !read.value.leafHash.equals(leafHash)) return false;
    const payload: { readonly seq?: number; readonly prev?: string } = read.value.payload;
    const before = steps[at - 1];
    return seq === at + 1 && payload.seq === seq && payload.prev === (before && toBase64Url(before.leafHash));
  });
}

export type SignedBy = 'signed' | 'forged' | 'key-unknown';

/** Whether the statement is that owner's: by its key, as the registry publishes it. */
export function signatureOf(
  statement: string,
  keyOf: (subsystem: SubsystemId, kid: string) => PublicJwk | undefined,
): { readonly by: string; readonly signature: SignedBy } {
  const read = parseStatement(statement);
  const payload: { readonly to?: string } = read.ok ? read.value.payload : {};
  const by = payload.to ?? '';
  const jwk = read.ok ? keyOf(by as SubsystemId, read.value.kid) : undefined;
  if (!read.ok || jwk === undefined) return { by, signature: 'key-unknown' };
  return { by, signature: verifyStatement(read.value, jwk) ? 'signed' : 'forged' };
}

const FLAG_ENDS: ReadonlySet<string> = new Set(['CORRECTED', 'REJECTED', 'WITHDRAWN']);

/** When answers had to be flagged: from each start of a review to its end. */
export function flaggedPeriods(steps: readonly StatedStep[]): Period[] {
  const periods: Period[] = [];
  let fromMs: number | undefined;
  for (const { type, now, atMs } of steps) {
    if (type === 'correction.review-started') fromMs ??= atMs;
    if (fromMs === undefined || !FLAG_ENDS.has(now)) continue;
    periods.push({ fromMs, untilMs: atMs });
    fromMs = undefined;
  }
  return fromMs === undefined ? periods : [...periods, { fromMs, untilMs: Number.MAX_SAFE_INTEGER }];
}
