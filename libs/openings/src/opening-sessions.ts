import { LRUCache } from 'lru-cache';
import { ok, refuse, type InstanceId, type Result } from '#kernel';
import { forgetUnsealKey, openSession, type PrivateJwk, type SessionKeys } from '#signing';

export type SessionReason = 'opening-key-unknown' | 'opening-unopenable';

/** The private half of a key that feedback has announced; undefined if there is none, or none any more. */
export type OpeningKeySource = (kid: string) => PrivateJwk | undefined | Promise<PrivateJwk | undefined>;

const MAX_SESSIONS = 4096;
const SESSION_LIFE_MS = 6 * 60_000;

/** Feedback's side of sealing sessions: the asymmetric step is made once per session, not per record. */
export class OpeningSessions {
  /** By key and `enc`; promises, so that a burst of records of one new session opens it once. */
  private readonly opened = new LRUCache<string, Promise<SessionKeys | undefined>>({
    max: MAX_SESSIONS,
    ttl: SESSION_LIFE_MS,
  });

  constructor(
    /** The feedback instance that announced the keys: a session is made for it by name. */
    private readonly instance: InstanceId,
    private readonly keyOf: OpeningKeySource,
  ) {}

  async open(kid: string, enc: Uint8Array): Promise<Result<SessionKeys, SessionReason>> {
    // Asked each time: a key that was destroyed opens nothing, also in a session that is known.
    const privateJwk = await this.keyOf(kid);
    if (privateJwk === undefined) return refuse('opening-key-unknown');
    const name = `${kid} ${Buffer.from(enc).toString('base64url')}`;
    let session = this.opened.get(name);
    if (session === undefined) {
      session = openSession({ recipient: this.instance, kid, enc, privateJwk });
      this.opened.set(name, session);
      // A session that could not be rebuilt must not stand in the way of the next attempt.
      session.catch(() => this.opened.delete(name));
    }
    const keys = await session;
    return keys === undefined ? refuse('opening-unopenable') : ok(keys);
  }

  /** A destroyed key leaves the process's memory too, with every session that it opened. */
  forget(kid: string): void {
    for (const name of this.opened.keys()) if (name.startsWith(`${kid} `)) this.opened.delete(name);
    forgetUnsealKey(kid);
  }
}
