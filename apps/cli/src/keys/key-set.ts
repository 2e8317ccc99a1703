import { z } from 'zod';
import { ok, refuse, type Result } from '#kernel';
import type { PrivateJwk, TokenKey } from '#signing';

const jwk = z.looseObject({
  kid: z.string(),
  kty: z.string(),
  crv: z.string().optional(),
  nbf: z.number().int().optional(),
  exp: z.number().int().optional(),
  pkcs11: z.string().optional(),
});
const keySet = z.strictObject({ keys: z.array(jwk).min(1).max(20) });
type KeySet = z.infer<typeof keySet>;
type Jwk = KeySet['keys'][number];

export type KeyUse = 'sign' | 'seal';
export type KeyState = 'valid' | 'not-yet-valid' | 'ended';

/** A key as its owner may see it: nothing secret. Times are instants in ms; undefined where the file does not say. */
export interface ShownKey {
  readonly kid: string;
  readonly use: KeyUse | 'fingerprint';
  readonly state: KeyState;
  /** URI of a key that lies in a token. */
  readonly pkcs11?: string | undefined;
  readonly fromMs: number | undefined;
  readonly untilMs: number | undefined;
}

/** The newest key is the last of its use; 20 keys are all that a document may publish (`bus.md` §6). */
const MOST_KEYS = 20;

export type KeySetProblem = 'key-file-malformed' | 'key-unknown' | 'key-there' | 'key-last' | 'key-set-full';

export function shownKeys(text: string, nowMs: number): Result<readonly ShownKey[], KeySetProblem> {
  const set = read(text);
  if (set === undefined) return refuse('key-file-malformed');
  return ok(
    set.keys.map((key) => ({
      ...{ kid: key.kid, use: useOf(key), state: stateOf(key, nowMs), pkcs11: key.pkcs11 },
      fromMs: key.nbf === undefined ? undefined : key.nbf * 1000,
      untilMs: key.exp === undefined ? undefined : key.exp * 1000,
    })),
  );
}

/**
 * The set with one key more, which is the newest of its use; what was valid before ends `overlapMs` from now, or stays as
 * long as it was to where that is undefined.
 */
export function withNewKey(
  text: string,
  key: (PrivateJwk | TokenKey) & { readonly nbf: number; readonly exp: number },
  nowMs: number,
  overlapMs: number | undefined,
): Result<string, KeySetProblem> {
  const set = read(text);
  if (set === undefined) return refuse('key-file-malformed');
  // Twice it could not be ended, and one that has ended must not come back.
  if (set.keys.some(({ kid }) => kid === key.kid)) return refuse('key-there');
  if (set.keys.length >= MOST_KEYS) return refuse('key-set-full');
  const added = { ...key };
  const until = overlapMs === undefined ? Infinity : Math.floor((nowMs + overlapMs) / 1000);
  const kept = set.keys.map((old) =>
    useOf(old) === useOf(added) && stateOf(old, nowMs) !== 'ended' && until < (old.exp ?? Infinity)
      ? { ...old, exp: until }
      : old,
  );
  return ok(written({ keys: [...kept, added] }));
}

/** The set in which one key ends now. It stays in the file: what was sealed for it or signed with it still has to be read. */
export function withoutKey(text: string, kid: string, nowMs: number): Result<string, KeySetProblem> {
  const set = read(text);
  if (set === undefined) return refuse('key-file-malformed');
  const revoked = set.keys.find((key) => key.kid === kid);
  if (revoked === undefined || useOf(revoked) === 'fingerprint') return refuse('key-unknown');
  const others = set.keys.filter((key) => key.kid !== kid && useOf(key) === useOf(revoked));
  if (!others.some((key) => stateOf(key, nowMs) === 'valid')) return refuse('key-last');
  const nowS = Math.floor(nowMs / 1000);
  const ended = (key: Jwk) => ({ ...key, exp: Math.min(nowS, key.exp ?? Infinity) });
  return ok(written({ keys: set.keys.map((key) => (key.kid === kid ? ended(key) : key)) }));
}

function read(text: string): KeySet | undefined {
  try {
    return keySet.parse(JSON.parse(text));
  } catch {
    // Whatever is wrong, its text may hold a private key and is never quoted.
    return undefined;
  }
}

function written(set: KeySet): string {
  return `${JSON.stringify(set)}\n`;
}

function useOf({ kty, crv }: Jwk): ShownKey['use'] {
  if (kty === 'oct') return 'fingerprint';
  return crv === 'X25519' ? 'seal' : 'sign';
}

function stateOf({ nbf = -Infinity, exp = Infinity }: Jwk, nowMs: number): KeyState {
  if (exp * 1000 <= nowMs) return 'ended';
  return nbf * 1000 <= nowMs ? 'valid' : 'not-yet-valid';
}
