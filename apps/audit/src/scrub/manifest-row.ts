import { toHex } from '#kernel';
import { snapshotDigestOf } from '#snapshot';
import { readStatement } from './leaf-columns.js';

/** A row of `manifest`; of its digest list, which is as long as the registry, only what it is compared by. */
export interface StoredManifestRow {
  readonly index: number;
  readonly number: number;
  readonly digest: Buffer;
  /** Its first line. */
  readonly firstLine: string;
  /** SHA-256 of the whole. */
  readonly listDigest: Buffer;
  readonly statement: string;
}

export interface StoredSnapshotRow {
  readonly number: number;
  readonly digest: Buffer;
  readonly body: Buffer;
}

/** Whether a manifest's row says what the leaf at its index says, and no more; `doc` is of the snapshot that it names. */
export function manifestAgrees(row: StoredManifestRow, leaf: string, doc: string | undefined): boolean {
  const payload = readStatement(Buffer.from(leaf, 'latin1'), new Map())?.payload;
  return (
    row.statement === leaf &&
    payload?.n === row.number &&
    payload.doc === `h0:${row.listDigest.toString('base64url')}` &&
    payload.doc === doc &&
    snapshotDigestOf(row.firstLine) === toHex(row.digest)
  );
}
