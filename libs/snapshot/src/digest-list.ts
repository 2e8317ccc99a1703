import { sha256, toHex } from '#kernel';
import type { Snapshot } from './snapshot.js';

/** A member's entry as the snapshot carries it: its document and the chain of keys that ends in the document's signer. */
export type MemberEntry = Snapshot['members'][number];

/** Hex SHA-256 that the digest list names for a member: over `document LF key LF key …`, as evidence carries them. */
export function memberDigest(entry: Pick<MemberEntry, 'document' | 'keyChain'>): string {
  return toHex(sha256([entry.document, ...entry.keyChain].join('\n')));
}

/** The one serialisation of a snapshot: what is hashed, compressed and stored. */
export function snapshotBytes(snapshot: Snapshot): Buffer {
  return Buffer.from(JSON.stringify(snapshot));
}

/**
 * Digest list (`bus.md` §6): `snapshot <hex>` LF, then `<member id> <hex>` LF sorted by id (code units).
 * `bytes` are the snapshot's uncompressed bytes, exactly as they were published.
 */
export function digestList(bytes: Uint8Array, members: readonly MemberEntry[]): string {
  const lines = members
    .map((entry) => [entry.id, memberDigest(entry)] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([id, digest]) => `${id} ${digest}\n`);
  return `snapshot ${toHex(sha256(bytes))}\n${lines.join('')}`;
}

/** `doc` of a manifest: `h0:` and the base64url SHA-256 of a public document (`statements.md` §1). */
export function publicDigest(document: string | Uint8Array): string {
  return `h0:${sha256(document).toString('base64url')}`;
}

/** The snapshot's digest in a digest list, or undefined if this is none. */
export function snapshotDigestOf(digests: string): string | undefined {
  return /^snapshot ([0-9a-f]{64})\n/.exec(digests)?.[1];
}
