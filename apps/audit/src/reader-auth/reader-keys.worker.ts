import { gunzipSync } from 'node:zlib';
import type { MemberId, SubsystemId } from '#kernel';
import type { PublicJwk } from '#signing';
import { verifySnapshot, type RegistryView, type VerifiedMember } from '#snapshot';

/** The next snapshot of a log's manifests, in order. */
export interface FollowTask {
  /** Digest of the one before; undefined: it is the first. */
  readonly after: string | undefined;
  readonly digest: string;
  /** gzip. */
  readonly body: Uint8Array;
}

export interface KeyTask {
  /** Of the snapshot that was followed last. */
  readonly digest: string;
  readonly subsystem: SubsystemId;
  readonly kid: string;
  readonly nowMs: number;
}

/** `lost`: this thread has not followed what was before, because it was started anew. */
export type FollowAnswer = 'followed' | 'unreadable' | 'lost';
export type KeyAnswer = { readonly jwk: PublicJwk | undefined } | 'lost';

const MAX_SNAPSHOT_BYTES = 64 * 1024 * 1024;

/** Every member's newest entry that was ever believed, also of one that is gone; written by `follow`, like the others. */
const known = new Map<MemberId, VerifiedMember>();
let followed: string | undefined;
let view: RegistryView | undefined;

/**
 * Believes of a member what follows from all that was believed before, so that not even the registry's key can slip in a
 * reader. One snapshot that cannot be read changes nothing.
 */
export function follow({ after, digest, body }: FollowTask): FollowAnswer {
  if (after === undefined) known.clear();
  else if (after !== followed) return 'lost';
  const verified = verifySnapshot(unpacked(body), known);
  if (!verified.ok) return 'unreadable';
  ({ view } = verified.value);
  followed = digest;
  for (const document of view.members()) {
    const entry = view.memberEntry(document.member);
    if (entry !== undefined) known.set(document.member, { entry, document });
  }
  return 'followed';
}

/** The signing key that a subsystem has published and that is valid now. */
export function keyOf({ digest, subsystem, kid, nowMs }: KeyTask): KeyAnswer {
  if (digest !== followed) return 'lost';
  const key = view?.keyOf(subsystem, kid);
  return { jwk: key?.use === 'sign' && key.fromMs <= nowMs && nowMs < key.untilMs ? key.jwk : undefined };
}

function unpacked(body: Uint8Array): Buffer {
  try {
    return gunzipSync(body, { maxOutputLength: MAX_SNAPSHOT_BYTES });
  } catch {
    // No gzip: no snapshot either.
    return Buffer.alloc(0);
  }
}
