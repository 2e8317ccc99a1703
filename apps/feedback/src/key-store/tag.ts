import { hmacSha256, type TypedSubject } from '#signing';

/** A person within one epoch (`statements.md` §5). It never leaves feedback. */
export function tagOf(epochKey: Uint8Array, { country, type, code }: TypedSubject): Buffer {
  return hmacSha256(epochKey, Buffer.from(`kerege/tag/v1\0${country}\0${type}\0${code}`));
}

/** A person in an epoch: what a data key belongs to. */
export interface EpochTag {
  readonly epoch: number;
  readonly tag: Buffer;
}

/** For maps. */
export function epochTagKey({ epoch, tag }: EpochTag): string {
  return `${epoch}/${tag.toString('latin1')}`;
}
