import { parseStatement } from '#signing';
import { sequencerErrors } from '../sequencer/sequencer.errors.js';
import type { IntakeStore } from './intake.store.js';
import { isManifest, nextLaw, type Law } from './law.js';
import type { SnapshotKeeper } from './snapshot.consumer.js';

/**
 * The law at the head of the log, made anew from its manifests in order, because what was believed of a member depends
 * on what was believed before. A stored manifest without its snapshot would make us decide otherwise than before the
 * restart, so it stops the start.
 */
export async function lawOfLog(store: IntakeStore, snapshots: SnapshotKeeper): Promise<Law | undefined> {
  let law: Law | undefined;
  for (const { digest, digests, statement, index } of await store.manifests()) {
    const parsed = parseStatement(statement);
    const snapshot = await snapshots.recorded(digest, digests);
    const next =
      parsed.ok && isManifest(parsed.value) && snapshot !== undefined
        ? nextLaw(parsed.value, snapshot, law)
        : undefined;
    if (next?.ok !== true) throw sequencerErrors.error('log-damaged', { details: { problem: 'manifest', index } });
    law = next.value;
  }
  return law;
}
