import type { TypedSubject } from '#signing';
import { tagOf, type EpochTag } from './tag.js';

/** A person in every epoch that has a key. */
export function tagsOf(
  subject: TypedSubject,
  epochs: readonly { readonly epoch: number; readonly key: Buffer }[],
): EpochTag[] {
  return epochs.map(({ epoch, key }) => ({ epoch, tag: tagOf(key, subject) }));
}
