import type { TypedSubject } from '#signing';
import { epochOf } from './epoch.js';
import { tagOf, type EpochTag } from './tag.js';

/** A person in the epoch of that instant. */
export async function tagAt(
  subject: TypedSubject,
  atMs: number,
  keys: { epochKey(epoch: number): Promise<Uint8Array> },
): Promise<EpochTag> {
  const epoch = epochOf(atMs);
  return { epoch, tag: tagOf(await keys.epochKey(epoch), subject) };
}

/** A person in every epoch that has a key. */
export function tagsOf(
  subject: TypedSubject,
  epochs: readonly { readonly epoch: number; readonly key: Buffer }[],
): EpochTag[] {
  return epochs.map(({ epoch, key }) => ({ epoch, tag: tagOf(key, subject) }));
}
