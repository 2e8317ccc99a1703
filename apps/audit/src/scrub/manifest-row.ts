import { gunzipSync } from 'node:zlib';
import { sha256, toHex } from '#kernel';
import { digestList, publicDigest, snapshotDigestOf, snapshotSchema, type Snapshot } from '#snapshot';
import { readStatement } from './leaf-columns.js';

const MAX_SNAPSHOT_BYTES = 64 * 1024 * 1024;

export interface StoredManifestRow {
  readonly index: number;
  readonly number: number;
  readonly digest: Buffer;
  readonly digests: string;
  readonly statement: string;
}

export interface StoredSnapshotRow {
  readonly number: number;
  readonly digest: Buffer;
  readonly body: Buffer;
}

/** A snapshot row whose bytes have its digest and its number; undefined if they have not. */
export function openSnapshot({ digest, number, body }: StoredSnapshotRow): OpenedSnapshot | undefined {
  try {
    const bytes = gunzipSync(body, { maxOutputLength: MAX_SNAPSHOT_BYTES });
    const snapshot = snapshotSchema.safeParse(JSON.parse(bytes.toString('utf8')));
    if (!snapshot.success || snapshot.data.number !== number || !sha256(bytes).equals(digest)) return undefined;
    return { bytes, digests: digestList(bytes, snapshot.data.members), snapshot: snapshot.data };
  } catch {
    // Neither gzip nor JSON: not what its digest says.
    return undefined;
  }
}

export interface OpenedSnapshot {
  readonly bytes: Buffer;
  readonly digests: string;
  readonly snapshot: Snapshot;
}

/** Whether a manifest's row says what the leaf at its index says, and no more. */
export function manifestAgrees(row: StoredManifestRow, leaf: string): boolean {
  const payload = readStatement(Buffer.from(leaf, 'latin1'), new Map())?.payload;
  return (
    row.statement === leaf &&
    payload?.n === row.number &&
    payload.doc === publicDigest(row.digests) &&
    snapshotDigestOf(row.digests) === toHex(row.digest)
  );
}
