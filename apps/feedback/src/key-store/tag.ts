import { hmacSha256, type TypedSubject } from '#signing';

/** A person within one epoch (`statements.md` §5). It never leaves feedback. */
export function tagOf(epochKey: Uint8Array, { country, type, code }: TypedSubject): Buffer {
  return hmacSha256(epochKey, Buffer.from(`kerege/tag/v1\0${country}\0${type}\0${code}`));
}

/** A person in an epoch: what a data key belongs to. */
export interface EpochTag {
  readonly epoch: number;
  readonly tag: Buffer;
  /**
   * Accesses that are concealed until then have a key of their own: an erasure before leaves them, so that neither it nor
   * its count tells the person of them. Absent or 0: not concealed.
   */
  readonly concealedUntilMs?: number | undefined;
}

/** For maps. */
export function epochTagKey({ epoch, tag, concealedUntilMs = 0 }: EpochTag): string {
  return `${epoch}/${concealedUntilMs}/${tag.toString('latin1')}`;
}
