import { toBase64 } from '#kernel';

/** What stands in a receipt, `audit-log.md` §2.7. We never write an `extra` line: nothing covers it. */
export interface ProofParts {
  readonly index: number;
  readonly path: readonly Uint8Array[];
  /** The signed note, exactly as issued. */
  readonly checkpoint: string;
}

export function encodeTlogProof({ index, path, checkpoint }: ProofParts): string {
  const lines = ['c2sp.org/tlog-proof@v1', `index ${index}`, ...path.map(toBase64)];
  return `${lines.join('\n')}\n\n${checkpoint}`;
}
