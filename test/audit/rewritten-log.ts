import { checkpointText, consistencyPath, encodeAddCheckpoint, GrowingTree, leafHash, signNote } from '#tlog';
import type { AuditNetwork } from './audit-network.js';

/**
 * What an attacker with root and the log's key can do to a log of fewer than 256 leaves: one old leaf has another body,
 * and everything that is computed from it is computed and signed anew, so that the tables agree with each other.
 */
export async function rewriteLeaf(network: AuditNetwork, index: number): Promise<void> {
  const { database, logSigner } = network;
  const bodies = (await network.leaves()).map(({ body, idx }) => (idx === index ? Buffer.from('rewritten') : body));
  const hashes = bodies.map((body) => leafHash(body));
  const tree = GrowingTree.empty().extend(hashes).next;
  const note = await signNote(checkpointText(logSigner.name, tree.size, tree.root()), [logSigner]);
  await database.transaction(async (queries) => {
    // Its owner may lift the triggers.
    await queries.query('SET LOCAL session_replication_role = replica');
    await queries.query('UPDATE audit.log_leaf SET body = $2, leaf_hash = $3 WHERE idx = $1', [
      index,
      bodies[index],
      hashes[index],
    ]);
    await queries.query('DELETE FROM audit.log_anchor');
    await queries.query('UPDATE audit.log_head SET root = $1, frontier = $2, note = $3', [
      tree.root(),
      tree.frontier(),
      note,
    ]);
  });
}

/** The checkpoint of that size as who has the log's key signs it now. */
export async function noteAt(network: AuditNetwork, size: number): Promise<string> {
  const { logSigner } = network;
  const hashes = (await network.leaves()).slice(0, size).map((leaf) => leaf.leaf_hash);
  return signNote(checkpointText(logSigner.name, size, rootOf(hashes)), [logSigner]);
}

/** What a witness that has cosigned `from` leaves is asked to cosign: the log as it stands, filled up to `size` leaves. */
export async function askToCosign(network: AuditNetwork, from: number, size: number): Promise<string> {
  const { logSigner } = network;
  const leaves = (await network.leaves()).map((leaf) => leaf.leaf_hash);
  const hashes = Array.from({ length: size }, (_, at) => leaves[at] ?? leafHash(Buffer.from(`added ${at}`)));
  const proof = await consistencyPath(from, size, ({ index, width }) =>
    Promise.resolve(Buffer.concat(hashes.slice(index * 256, index * 256 + width))),
  );
  if (!proof.ok) throw new TypeError(proof.reason);
  const checkpoint = await signNote(checkpointText(logSigner.name, size, rootOf(hashes)), [logSigner]);
  return encodeAddCheckpoint({ oldSize: from, proof: proof.value, checkpoint });
}

function rootOf(hashes: readonly Buffer[]): Buffer {
  return GrowingTree.empty().extend(hashes).next.root();
}
