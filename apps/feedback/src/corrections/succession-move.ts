import type { SubsystemId } from '#kernel';
import type { CaseRecord } from '#corrections';
import { hasNoReader } from './has-no-reader.js';
import type { KeptCase } from './kept-case.js';

/** A party of a case whose place is another's by now. */
export interface Move {
  readonly former: SubsystemId;
  readonly successor: SubsystemId;
  /** Who follows could not open the request: it has to be sealed for them first. */
  readonly needsContent: boolean;
}

/** Who stands in a subsystem's place now: itself or who succeeds it. */
export type Resolve = (id: SubsystemId) => SubsystemId;

/** Who has to be able to open the request: the owner, or to whom it is on its way. */
export function readerOf({ owner, nextOwner }: Pick<CaseRecord, 'owner' | 'nextOwner'>): SubsystemId {
  return nextOwner ?? owner;
}

/**
 * The next party that passes to its successor (E56). First those who have to open nothing: a portal that is succeeded must
 * not wait for its case's owner to be readable.
 */
export function moveOf({ record, sealed }: Pick<KeptCase, 'record' | 'sealed'>, resolve: Resolve): Move | undefined {
  const reader = readerOf(record);
  const isRead = sealed !== undefined && !hasNoReader(record);
  const moves = [record.portal, record.owner, reader]
    .map((former): Move => ({ former, successor: resolve(former), needsContent: isRead && former === reader }))
    .filter(({ former, successor }) => former !== successor);
  return moves.find(({ needsContent }) => !needsContent) ?? moves[0];
}
