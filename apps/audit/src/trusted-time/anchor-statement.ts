import { sha256 } from '#kernel';
import type { AnchorPayload } from '#signing';
import { publicDigest } from '#snapshot';
import { stringify } from 'uuid';

/** A token as it lies in `log_anchor`, as far as the log is told of it. */
export interface AnchoredToken {
  readonly authority: string;
  /** Size of the checkpoint that it stamps. */
  readonly size: number;
  /** The whole file: what `openssl ts -verify -in` takes. */
  readonly data: Buffer;
  readonly timeMs: number;
}

/**
 * The id of a token's statement: a UUIDv7 made of the token's time and digest alone. So whoever states it again, after a
 * crash or an answer that was lost, takes the same slot, and one leaf stands.
 */
export function anchorId({ data, timeMs }: Pick<AnchoredToken, 'data' | 'timeMs'>): Buffer {
  const id = Buffer.concat([Buffer.alloc(6), sha256(data).subarray(0, 10)]);
  id.writeUIntBE(timeMs, 0, 6);
  id[6] = ((id[6] ?? 0) & 0x0f) | 0x70;
  id[8] = ((id[8] ?? 0) & 0x3f) | 0x80;
  return id;
}

/** Renewal for decades (`audit-log.md` §5): later tokens cover earlier ones through the log. */
export function anchorPayload(token: AnchoredToken, nowMs: number): AnchorPayload {
  return {
    v: 1,
    t: 'anchor.tsr',
    id: stringify(anchorId(token)),
    ts: nowMs,
    n: token.size,
    doc: publicDigest(token.data),
    ref: token.authority,
  };
}
