import { toBase64 } from '#kernel';

/** The body of `POST <prefix>/add-checkpoint` of C2SP tlog-witness (`audit-log.md` §2.6). */
export interface AddCheckpoint {
  /** Size of the tree that the witness is believed to have cosigned last; 0 if none. */
  readonly oldSize: number;
  /** Consistency proof from that size; empty from 0 and for the same size. */
  readonly proof: readonly Uint8Array[];
  /** The signed note, exactly as issued. */
  readonly checkpoint: string;
}

export function encodeAddCheckpoint({ oldSize, proof, checkpoint }: AddCheckpoint): string {
  return `${[`old ${oldSize}`, ...proof.map(toBase64)].join('\n')}\n\n${checkpoint}`;
}
