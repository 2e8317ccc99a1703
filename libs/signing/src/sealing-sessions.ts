import type { PublicJwk } from './jwk.js';
import { startSession, type SealingSession } from './sealing.js';

const SESSION_MS = 5 * 60_000;
const SESSION_RECORDS = 2 ** 16;
const MAX_SESSIONS = 10_000;

/** A key that its recipient published. */
export interface RecipientKey {
  readonly kid: string;
  readonly jwk: PublicJwk;
}

interface Live {
  readonly session: Promise<SealingSession>;
  readonly startedAtMs: number;
  /** Written by `SealingSessions.take`. */
  records: number;
}

/**
 * One HPKE session per recipient key (`bus.md` §3): a whole HPKE seal costs milliseconds, a record in a session does not.
 * A session ends after 5 minutes, 2^16 records, another key of the recipient, or the process; it is never stored, so
 * nobody can open what was sealed for a gateway that has died.
 */
export class SealingSessions {
  /** By recipient's kid, oldest first. */
  private readonly live = new Map<string, Live>();

  /** A session to seal one record with. Rejects only if the published key is no usable key. */
  take(recipient: string, key: RecipientKey, nowMs: number): Promise<SealingSession> {
    const name = `${recipient} ${key.kid}`;
    const known = this.live.get(name);
    if (known !== undefined && nowMs - known.startedAtMs < SESSION_MS && known.records < SESSION_RECORDS) {
      known.records += 1;
      return known.session;
    }
    const session = startSession({ recipient, kid: key.kid, publicJwk: key.jwk });
    this.live.delete(name);
    this.live.set(name, { session, startedAtMs: nowMs, records: 1 });
    for (const oldest of this.live.keys()) {
      if (this.live.size <= MAX_SESSIONS) break;
      this.live.delete(oldest);
    }
    // A session that could not be made must not stand in the way of the next attempt.
    session.catch(() => this.live.delete(name));
    return session;
  }
}
