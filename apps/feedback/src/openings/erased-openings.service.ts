import { randomBytes } from 'node:crypto';
import { commitmentBytes } from '../erasure/erasure.store.js';
import type { DoomedKey, DoomedKeys } from '../key-store/doomed-keys.store.js';
import type { ErasureMark, ErasureMarks } from '../key-store/erasure-marks.store.js';
import { ID_BYTES } from '../key-store/person-keys.store.js';
import { epochTagKey, type EpochTag } from '../key-store/tag.js';
import type { IndexRow, StoredCommitment } from './index-row.store.js';

/** A commitment that somebody opens, with its person. */
export interface TaggedRow extends Pick<IndexRow, 'commitment' | 'endUser' | 'concealed'> {
  readonly at: EpochTag;
}

export interface SortedRows<Row> {
  readonly open: readonly Row[];
  /** They were erased before, and a restore has brought them back. */
  readonly closed: readonly StoredCommitment[];
  /** Nobody had opened them when their person was erased. */
  readonly late: readonly Row[];
}

const NOTHING = Buffer.alloc(0);

/**
 * What comes of openings after an erasure. What was erased stays so; what an erasure could not find, since nobody had
 * opened it yet, is erased as it comes: it gets a row that nothing opens, under a key that never was and that is doomed
 * already. The erasure of that key then counts the row, states it and deletes it, as of any (`Erasure`).
 *
 * A crash behind `bury` leaves a doomed key without rows, which is stated with `n` = 0; the opening is still in the inbox.
 */
export class ErasedOpenings {
  constructor(
    private readonly doomed: Pick<DoomedKeys, 'closed' | 'bury'>,
    private readonly marks: Pick<ErasureMarks, 'find'>,
  ) {}

  async sort<Row extends TaggedRow>(pending: readonly Row[]): Promise<SortedRows<Row>> {
    const named = pending.map((row) => ({ row, value: commitmentBytes(row.commitment.value) }));
    const closed = await this.doomed.closed(named.map(({ value }) => value));
    const isClosed = ({ value }: { readonly value: Buffer }) => closed.has(value.toString('hex'));
    const left = named.filter((one) => !isClosed(one)).map(({ row }) => row);
    const marks = await this.marks.find(left.map(({ at }) => at));
    const isLate = (row: Row) => (marks.get(personKey(row.at)) ?? []).some((mark) => reaches(mark, row));
    return {
      closed: named.filter(isClosed).map(({ row }) => row.commitment),
      open: left.filter((row) => !isLate(row)),
      late: left.filter(isLate),
    };
  }

  /** Rows that open nothing, each person's under one key. The caller has `bury` commit before it commits them. */
  rowsOf(late: readonly TaggedRow[]): IndexRow[] {
    const ids = new Map(late.map(({ at }) => [personKey(at), randomBytes(ID_BYTES)]));
    return late.map(({ commitment, endUser, at: { epoch, tag } }) => {
      const keyId = ids.get(personKey({ epoch, tag })) as Buffer;
      return { epoch, tag, commitment, endUser, keyId, openingEnc: NOTHING, concealed: undefined };
    });
  }

  bury(rows: readonly IndexRow[]): Promise<void> {
    const keys = rows.map(({ keyId: id, epoch, tag }): [string, DoomedKey] => [id.toString('hex'), { id, epoch, tag }]);
    return this.doomed.bury([...new Map(keys).values()]);
  }
}

/** What was still concealed when its person was erased was not erased with the rest. */
function reaches({ origin, before, erasedMs }: ErasureMark, { commitment, concealed }: TaggedRow): boolean {
  const isBefore = commitment.origin === origin && commitment.index < before;
  return isBefore && (concealed === undefined || concealed.untilMs <= erasedMs);
}

function personKey({ epoch, tag }: EpochTag): string {
  return epochTagKey({ epoch, tag });
}
