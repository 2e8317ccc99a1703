import { openNote, type NoteKey } from '#tlog';

/** A row of `log_anchor`: what somebody else has said of the tree of that size. */
export interface Anchor {
  readonly size: number;
  readonly kind: string;
  readonly source: string;
  readonly data: Buffer;
}

/** Whether the stored leaves have that root at that size. */
export type RootOracle = (size: number, root: Buffer) => Promise<boolean>;

/**
 * The check of one kind of anchor: true if the row is what its source has said, of the tree that we hold. Kinds without
 * a check are counted, and not judged.
 */
export interface AnchorCheck {
  readonly kind: string;
  readonly holds: (anchor: Anchor, isRoot: RootOracle) => Promise<boolean> | boolean;
}

/** A note as we published it: our signature, that size, and the root that the leaves still have. */
export function noteCheck(key: NoteKey): AnchorCheck {
  return {
    kind: 'note',
    holds: async ({ data, size }, isRoot) => {
      const note = openNote(data, [key]);
      return note.ok && note.value.origin === key.name && note.value.size === size && isRoot(size, note.value.root);
    },
  };
}
