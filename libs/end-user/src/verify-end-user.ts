import { refuse, type Result } from '#kernel';
import type { Issuer } from '#snapshot';
import type { AssertionMemory } from './assertion-memory.js';
import type { AssertionReason, Claims } from './assertion.js';
import { personOf, type EndUser } from './person.js';

export interface EndUserQuestion {
  /** Of the snapshot by which the asker decides. */
  readonly issuers: readonly Issuer[];
  /** The subsystem that shows the assertion, or that signed the request beside which it travels. */
  readonly consumer: string;
  readonly nowMs: number;
  readonly memory: AssertionMemory;
}

const LONGEST_LIFE_S = 600;
/** An issuer's clock may be ahead of ours; behind it may not be: what has expired has expired. */
const AHEAD_S = 30;

/**
 * Who acts, by the assertion in `Kerege-End-User` (`exchange.md` §1): signed by an issuer of the snapshot, for this
 * consumer, now, of a life of ten minutes at most, from a sign-in that is strong enough. Whether that person may act on
 * a subject is another question (`decideEndUser` of `#access`).
 */
export async function verifyEndUser(
  token: string,
  { issuers, consumer, nowMs, memory }: EndUserQuestion,
): Promise<Result<EndUser, AssertionReason>> {
  const read = await memory.read(token, issuers);
  if (!read.ok) return read;
  const { issuer, claims } = read.value;
  const untimely = timeProblem(claims, nowMs / 1000);
  if (untimely !== undefined) return refuse(untimely);
  // Who wanted it (`azp`) counts before for whom else it is good.
  if (!claims.aud.includes(consumer) || (claims.azp ?? consumer) !== consumer) return refuse('end-user-audience');
  const person = personOf(issuer, claims);
  if (!person.ok) return person;
  return memory.isOwner(read.value, consumer, nowMs) ? person : refuse('end-user-replayed');
}

function timeProblem({ exp, iat, nbf }: Claims, nowS: number): AssertionReason | undefined {
  if (Math.max(iat, nbf ?? 0) > nowS + AHEAD_S) return 'end-user-not-yet-valid';
  if (exp <= nowS) return 'end-user-expired';
  return exp - iat > LONGEST_LIFE_S ? 'end-user-long-lived' : undefined;
}
