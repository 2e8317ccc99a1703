import { ok, refuse, type Result } from '#kernel';
import { documentKid, verifyDocument, type PublicJwk } from '#signing';

/** What each operator signs, and nothing else: that this log may go on from this very size. */
export interface StartApproval {
  readonly log: string;
  readonly size: number;
  /** When it was signed, milliseconds since the epoch. */
  readonly ts: number;
}

export interface ApprovalContext {
  /** Of `trust.json`. */
  readonly operators: readonly (PublicJwk & { readonly kid: string })[];
  readonly log: string;
  readonly size: number;
  readonly nowMs: number;
}

export type ApprovalReason = 'too-few-operators';

const NEEDED = 2;
const MAX_LINES = 16;
/** An approval is for the start at hand, not for one that somebody finds a use for later. */
const LIFE_MS = 24 * 60 * 60_000;
const AHEAD_MS = 5 * 60_000;

/**
 * Whether two different operators have signed that the log may start at this size without a witness (`audit-log.md`
 * §3.4). A line that does not count is passed over: what matters is that two do. One key under two names is one.
 */
export function checkApproval(text: string, context: ApprovalContext): Result<undefined, ApprovalReason> {
  const signers = new Set<string>();
  for (const line of text.split('\n', MAX_LINES)) {
    const kid = documentKid('kerege-start+jwt', line);
    const operator = context.operators.find((known) => known.kid === kid);
    const signed = operator === undefined ? undefined : verifyDocument('kerege-start+jwt', line, operator);
    if (operator !== undefined && signed?.ok === true && isFor(signed.value, context)) signers.add(operator.x);
  }
  return signers.size >= NEEDED ? ok(undefined) : refuse('too-few-operators');
}

function isFor(payload: Readonly<Record<string, unknown>>, { log, size, nowMs }: ApprovalContext): boolean {
  const { ts } = payload;
  if (payload['log'] !== log || payload['size'] !== size || Object.keys(payload).length !== 3) return false;
  return typeof ts === 'number' && ts > nowMs - LIFE_MS && ts < nowMs + AHEAD_MS;
}
