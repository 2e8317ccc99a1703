import { verifyConsistency, type Checkpoint } from '#tlog';

/**
 * How a log contradicts what we remember of it. `forked`: two signed trees of one size, a proof that convicts. The others
 * are a log that cannot show that the one tree is the beginning of the other, or says that it never was so long.
 */
export type LogTrouble = 'forked' | 'inconsistent' | 'rolled-back';

/** `one-log`: the smaller is the beginning of the larger. `unknown`: it could not be asked. */
export type Comparison = 'one-log' | 'unknown' | LogTrouble;

export type AskProof = (from: number, to: number) => Promise<readonly Uint8Array[] | 'size-unknown' | undefined>;

/** Compares two checkpoints that the log signed; the order does not matter. */
export async function compareViews(a: Checkpoint, b: Checkpoint, askProof: AskProof): Promise<Comparison> {
  if (a.size === b.size) return a.root.equals(b.root) ? 'one-log' : 'forked';
  const [older, newer] = a.size < b.size ? [a, b] : [b, a];
  const proof = older.size === 0 ? [] : await askProof(older.size, newer.size);
  if (proof === undefined) return 'unknown';
  if (proof === 'size-unknown') return 'rolled-back';
  return verifyConsistency(older, newer, proof) ? 'one-log' : 'inconsistent';
}
