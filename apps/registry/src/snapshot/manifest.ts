import { newExchangeId, toBase64Url } from '#kernel';
import { publicDigest } from '#snapshot';
import type { ManifestPayload } from '#signing';

export interface ManifestInput {
  readonly number: number;
  readonly digests: string;
  readonly nowMs: number;
  readonly lifetimeMs: number;
  /** Leaf hash of the manifest before; absent in the first (`statements.md` §2). */
  readonly previous: Uint8Array | undefined;
}

/** What the registry signs about a snapshot. A renewal repeats `n` and `doc` under a new id (`bus.md` §6). */
export function manifestPayload({ number, digests, nowMs, lifetimeMs, previous }: ManifestInput): ManifestPayload {
  return {
    v: 1,
    t: 'registry.manifest',
    id: newExchangeId(),
    ts: nowMs,
    n: number,
    until: nowMs + lifetimeMs,
    doc: publicDigest(digests),
    ...(previous === undefined ? {} : { prev: toBase64Url(previous) }),
  };
}
