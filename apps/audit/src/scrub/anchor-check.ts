import { verifyEd25519 } from '#signing';
import { makeVkey, openCosignature, openNote, parseVkey, type NoteKey, type WitnessPolicy } from '#tlog';
import type { Certificate } from 'pkijs';
import { parseRoots } from '../trusted-time/token-certificates.js';
import { checkStoredToken } from '../trusted-time/time-token.js';

/** A row of `log_anchor`: what somebody else has said of the tree of that size. */
export interface Anchor {
  readonly size: number;
  readonly kind: string;
  readonly source: string;
  readonly data: Buffer;
}

/**
 * `other-tree`: its source has said it, but of other leaves than are stored. `untrusted`: by a key or under a root that
 * `trust.json` does not name, any more perhaps.
 */
export type AnchorVerdict = 'good' | 'wrong' | 'other-tree' | 'untrusted';

/**
 * The check of one kind of anchor: whether the row is what its source has said of the checkpoint with that text, which
 * is that of the leaves as they are stored. Not judged are kinds without a check, and what it answers `undefined` to.
 */
export interface AnchorCheck {
  readonly kind: string;
  readonly judge: (anchor: Anchor, text: string) => Promise<AnchorVerdict> | AnchorVerdict | undefined;
}

/** Clocks of witnesses and authorities are not ours. */
const MAX_AHEAD_MS = 5 * 60_000;

export interface AnchorTrust {
  /** Of the log. */
  readonly key: NoteKey;
  readonly policy: WitnessPolicy | undefined;
  /** PEM. */
  readonly timestampRoots: readonly string[];
  readonly now: () => number;
}

/** What can be judged by `trust.json`: notes always, the rest where it names witnesses and roots. */
export function anchorChecks({ key, policy, timestampRoots, now }: AnchorTrust): AnchorCheck[] {
  const witnesses = policy?.witnesses.map((witness) => witness.key) ?? [];
  const roots = timestampRoots.flatMap((pem) => parseRoots(pem) ?? []);
  return [
    noteCheck(key),
    ...(witnesses.length === 0 ? [] : [cosignatureCheck(witnesses, now)]),
    ...(roots.length === 0 ? [] : [timestampCheck(roots, now)]),
  ];
}

/** A note as we published it: our signature, that size, and the root that the leaves still have. */
export function noteCheck(key: NoteKey): AnchorCheck {
  const keys = [withFastVerify(key)];
  return {
    kind: 'note',
    judge: ({ data }, text) => {
      const note = openNote(data, keys);
      if (!note.ok) return 'wrong';
      return note.value.text === text ? 'good' : 'other-tree';
    },
  };
}

/**
 * A witness's line as it answered, and a time that has been. Under the name of one that the policy does not know (any
 * more) anybody could write, and what it says counts for nothing.
 */
export function cosignatureCheck(witnesses: readonly NoteKey[], now: () => number): AnchorCheck {
  const keys = witnesses.map(withFastVerify);
  return {
    kind: 'cosignature',
    judge: ({ data, source }, text) => {
      const line = data.toString('utf8');
      if (!line.startsWith(`\u2014 ${source} `)) return 'wrong';
      const named = keys.filter(({ name }) => name === source);
      if (named.length === 0) return undefined;
      const opened = openCosignature(text, line, named);
      if (!opened.ok) return opened.reason === 'unknown-key' ? 'untrusted' : 'wrong';
      const { seconds } = opened.value;
      const isPast = seconds > 0 && seconds * 1_000 <= now() + MAX_AHEAD_MS;
      return isPast && Buffer.from(line).equals(data) ? 'good' : 'wrong';
    },
  };
}

/** A token over that checkpoint as its authority made it. */
export function timestampCheck(roots: readonly Certificate[], now: () => number): AnchorCheck {
  return {
    kind: 'timestamp',
    judge: async ({ data }, text) => {
      const checked = await checkStoredToken(data, { text: Buffer.from(text), roots, nowMs: now() });
      if (checked.ok) return 'good';
      return checked.reason === 'token-chain' ? 'untrusted' : 'wrong';
    },
  };
}

/** A busy log publishes a note a second for years: libsodium takes half of OpenSSL's time. */
function withFastVerify(key: NoteKey): NoteKey {
  const fast = parseVkey(makeVkey(key.name, key.publicKey, key.type), verifyEd25519);
  return fast.ok ? fast.value : key;
}
