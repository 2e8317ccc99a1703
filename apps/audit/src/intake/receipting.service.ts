import type { Bus, OutgoingRecord } from '#bus';
import type { Logger } from '#platform';
import type { AuditMetrics } from '../ops/audit-metrics.service.js';
import { receiptRecords, type ReceiptRecord } from '../sequencer/receipts.js';
import type { Appended } from '../sequencer/sequencer.service.js';
import type { StandingPath } from '../sequencer/standing-path.service.js';
import type { IntakeWindow } from '../windows/intake-windows.service.js';
import type { Law } from './law.js';
import { publishEach } from './sending.service.js';
import type { Verdict } from './verdict.js';

/** A batch after its commit, in the window in which it was made. */
export interface CommittedTree extends Appended {
  readonly oldSize: number;
  readonly window: IntakeWindow;
}

/** Sends the receipts of what is committed, each from the window in which its leaf stands. */
export class Receipting {
  constructor(
    private readonly bus: Bus,
    private readonly metrics: AuditMetrics,
    private readonly logger: Logger,
  ) {}

  /** Never rejects: the batch is committed, so it must not be done again; who misses a receipt stamps again. */
  async send(verdicts: readonly Verdict[], tree: CommittedTree, law: Law | undefined): Promise<void> {
    const { metrics, logger } = this;
    for (const verdict of verdicts) metrics.stamps.add({ kind: verdict.kind });
    metrics.batch.observe({}, verdicts.filter((verdict) => verdict.kind === 'new').length);
    try {
      // On reply topics answers travel too, so records there say what they are (`bus.md` §1).
      const isReply = (topic: string) => law?.view.instances.some((instance) => instance.reply === topic) ?? false;
      const records = (await receipts(verdicts, tree)).map(({ topic, value }): OutgoingRecord => ({
        topic,
        partition: 0,
        value,
        ...(isReply(topic) ? { headers: { type: 'receipts' } } : {}),
      }));
      await publishEach(this.bus, records);
    } catch (cause) {
      logger.warn({ err: cause }, 'receipts not sent');
    }
  }
}

async function receipts(verdicts: readonly Verdict[], tree: CommittedTree): Promise<ReceiptRecord[]> {
  const { extension, note, oldSize, window } = tree;
  const here = verdicts.filter((verdict) => logIdOf(verdict) === undefined);
  const standing = await pathsOf(window.paths, here, (index) => index < oldSize, extension.size);
  const records = receiptRecords(here, {
    note,
    size: extension.size,
    pathOf: (index) => (index < oldSize ? standing.get(index) : extension.path(index)),
  });
  const elsewhere = await Promise.all(window.predecessors.map((before) => receiptsOfPredecessor(verdicts, before)));
  return [...records, ...elsewhere.flat()];
}

/** What stands in a window before is proven in its final tree. */
async function receiptsOfPredecessor(
  verdicts: readonly Verdict[],
  { logId, note, size, paths }: IntakeWindow['predecessors'][number],
): Promise<ReceiptRecord[]> {
  const there = verdicts.filter((verdict) => logIdOf(verdict) === logId);
  if (there.length === 0) return [];
  const standing = await pathsOf(paths, there, () => true, size);
  return receiptRecords(there, { note, size, pathOf: (index) => standing.get(index) });
}

/** Number of the window before in which the leaf stands that the verdict names; undefined for the one that is written. */
function logIdOf(verdict: Verdict): number | undefined {
  return verdict.kind === 'refused' ? undefined : verdict.leaf.logId;
}

/** Paths of the leaves that somebody wants receipts of, as far as `isWanted`. */
function pathsOf(
  paths: StandingPath,
  verdicts: readonly Verdict[],
  isWanted: (index: number) => boolean,
  size: number,
): Promise<Map<number, Buffer[]>> {
  const indices = verdicts.flatMap((verdict) =>
    verdict.kind !== 'refused' && verdict.replies.length > 0 && isWanted(verdict.leaf.index)
      ? [verdict.leaf.index]
      : [],
  );
  return paths.pathsOf(indices, size);
}
