import { verifyEd25519 } from '#signing';
import { makeVkey, openNote, parseVkey, type NoteKey } from '#tlog';

/** A row of `log_anchor`: what somebody else has said of the tree of that size. */
export interface Anchor {
  readonly size: number;
  readonly kind: string;
  readonly source: string;
  readonly data: Buffer;
}

/** `other-tree`: its source has said it, but of other leaves than are stored. */
export type AnchorVerdict = 'good' | 'wrong' | 'other-tree';

/**
 * The check of one kind of anchor: whether the row is what its source has said of the checkpoint with that text, which
 * is that of the leaves as they are stored. Kinds without a check are not judged.
 */
export interface AnchorCheck {
  readonly kind: string;
  readonly judge: (anchor: Anchor, text: string) => Promise<AnchorVerdict> | AnchorVerdict;
}

/** A note as we published it: our signature, that size, and the root that the leaves still have. */
export function noteCheck(key: NoteKey): AnchorCheck {
  const keys = [withFastVerify(key)];
  return {
    kind: 'note',
    judge: ({ data }, text) => {
      const note = openNote(data, keys);
      if (!note.ok) return 'wrong';
      return note.value.text === text ? 'good' : 'other-tree';
    },
  };
}

/** A busy log publishes a note a second for years: libsodium takes half of OpenSSL's time. */
function withFastVerify(key: NoteKey): NoteKey {
  const fast = parseVkey(makeVkey(key.name, key.publicKey, key.type), verifyEd25519);
  return fast.ok ? fast.value : key;
}
