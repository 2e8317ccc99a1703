import { LRUCache } from 'lru-cache';
import type { SubsystemId } from '#kernel';
import { openSession, type KeyRing, type SessionKeys } from '#signing';

const MAX_SESSIONS = 4096;
const SESSION_LIFE_MS = 6 * 60_000;

/** Rebuilt sessions by recipient, key and `enc` (`bus.md` §3): the asymmetric step is made once per session, not record. */
export class SealingSessions {
  /** Promises, so that a burst of records of one new session opens it once. */
  private readonly opened = new LRUCache<string, Promise<SessionKeys | undefined>>({
    max: MAX_SESSIONS,
    ttl: SESSION_LIFE_MS,
  });

  constructor(private readonly keys: KeyRing) {}

  /** The session's keys, or undefined if it was not made for a key of ours. */
  open(recipient: SubsystemId, kid: string, enc: Uint8Array): Promise<SessionKeys | undefined> {
    const privateJwk = this.keys.unsealKey(recipient, kid);
    if (privateJwk === undefined) return Promise.resolve(undefined);
    const key = `${recipient} ${kid} ${Buffer.from(enc).toString('base64url')}`;
    let session = this.opened.get(key);
    if (session === undefined) this.opened.set(key, (session = openSession({ recipient, kid, enc, privateJwk })));
    return session;
  }
}
