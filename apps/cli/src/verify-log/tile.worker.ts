import { createPublicKey, hash, verify, type KeyObject } from 'node:crypto';
import sodium from 'sodium-native';

/**
 * The costly halves of the verification, in threads of their own. Imports nothing of ours, so that Node can run this
 * file as it stands, from the sources as well as built.
 */
export interface TileTask {
  readonly bundle: Uint8Array;
  /** Level 0 of the same leaves. */
  readonly tile: Uint8Array;
  readonly width: number;
}

/** `root` is empty unless the tile is full. */
export type TileAnswer =
  | { readonly ok: true; readonly root: Uint8Array }
  | { readonly ok: false; readonly problem: 'bundle-length' | 'tile-length' | 'leaf-hash'; readonly leaf: number };

const HASH_BYTES = 32;
const FULL = 256;
/** `uint16` lengths: no entry is longer. The first byte stays 0, the prefix of a leaf. */
const leafInput = Buffer.alloc(1 + 65_535);
const nodeInput = Buffer.alloc(1 + 2 * HASH_BYTES, 1);

/** Every leaf hash of the bundle is the tile's, and both have exactly their length; then the root of a full tile. */
export function checkTile({ bundle, tile, width }: TileTask): TileAnswer {
  if (tile.length !== width * HASH_BYTES) return { ok: false, problem: 'tile-length', leaf: 0 };
  const bytes = Buffer.from(bundle.buffer, bundle.byteOffset, bundle.byteLength);
  const hashes = Buffer.from(tile.buffer, tile.byteOffset, tile.byteLength);
  let at = 0;
  for (let leaf = 0; leaf < width; leaf += 1) {
    const end = at + 2 <= bytes.length ? at + 2 + bytes.readUInt16BE(at) : Infinity;
    if (end > bytes.length) return { ok: false, problem: 'bundle-length', leaf };
    bytes.copy(leafInput, 1, at + 2, end);
    const own = hash('sha256', leafInput.subarray(0, end - at - 1), 'buffer');
    if (own.compare(hashes, leaf * HASH_BYTES, (leaf + 1) * HASH_BYTES) !== 0)
      return { ok: false, problem: 'leaf-hash', leaf };
    at = end;
  }
  if (at !== bytes.length) return { ok: false, problem: 'bundle-length', leaf: width };
  return { ok: true, root: width === FULL ? rootOf(hashes) : new Uint8Array(0) };
}

/** Of 256 hashes, in a copy that shrinks by half each round. */
function rootOf(tile: Buffer): Uint8Array {
  const row = Buffer.from(tile);
  for (let width = FULL; width > 1; width /= 2) {
    for (let pair = 0; pair < width / 2; pair += 1) {
      row.copy(nodeInput, 1, pair * 2 * HASH_BYTES, (pair + 1) * 2 * HASH_BYTES);
      row.set(hash('sha256', nodeInput, 'buffer'), pair * HASH_BYTES);
    }
  }
  return Uint8Array.from(row.subarray(0, HASH_BYTES));
}

export interface SignatureTask {
  readonly keys: readonly { readonly alg: 'EdDSA' | 'ES256'; readonly x: string; readonly y: string }[];
  readonly items: readonly { readonly jws: string; readonly key: number }[];
}

/** One byte per item: 1 if its signature is by its key. That `kid` and algorithm are the key's was checked before. */
export function checkSignatures({ keys, items }: SignatureTask): Uint8Array {
  const imported = keys.map(importKey);
  return Uint8Array.from(items, ({ jws, key }) => {
    const handle = imported[key];
    const end = jws.lastIndexOf('.');
    const signature = Buffer.from(jws.slice(end + 1), 'base64url');
    if (handle === undefined || signature.length !== 64) return 0;
    const signed = Buffer.from(jws.slice(0, end), 'latin1');
    if (Buffer.isBuffer(handle)) return sodium.crypto_sign_verify_detached(signature, signed, handle) ? 1 : 0;
    return verify('sha256', signed, { key: handle, dsaEncoding: 'ieee-p1363' }, signature) ? 1 : 0;
  });
}

function importKey({ alg, x, y }: SignatureTask['keys'][number]): Buffer | KeyObject | undefined {
  if (alg === 'EdDSA') {
    const raw = Buffer.from(x, 'base64url');
    return raw.length === 32 ? raw : undefined;
  }
  try {
    return createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
  } catch {
    // A point that is not on the curve: no signature is by it.
    return undefined;
  }
}
