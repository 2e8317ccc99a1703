import { opens } from '#signing';
import type { LeafCommitment } from './log-count.js';

/** What feedback says of one log. */
export interface SaidOfLog {
  readonly size: number;
  readonly rows: number;
  readonly concealed: number;
  readonly pending: number;
  readonly erased: number;
  readonly repeated: number;
  readonly stating: number;
}

export interface SaidOfCommitment {
  readonly index: number;
  readonly kind: 'subject' | 'user';
  readonly position: number;
  readonly state: 'shown' | 'concealed' | 'pending' | 'erased' | 'repeated' | 'missing';
  readonly opening?:
    { readonly r: string; readonly country: string; readonly type: string; readonly code: string } | undefined;
}

/** Facts about one log that an auditor can count on. */
export interface CountedLog {
  readonly origin: string;
  readonly verified: boolean;
  /** Size of the checkpoint that was there before feedback was asked. */
  readonly size: number;
  readonly commitments: number;
  readonly erasedInLog: number;
  readonly said: SaidOfLog | undefined;
}

export type CompletenessFinding =
  | 'log-not-verified'
  | 'log-missing'
  | 'log-behind'
  | 'count-differs'
  | 'erased-differs'
  | 'repeated-differs'
  | 'commitment-lost'
  | 'commitment-invented'
  | 'row-missing'
  | 'opening-false';

export interface FoundProblem {
  readonly finding: CompletenessFinding;
  readonly log: string;
  /** Numbers and places; never a person. */
  readonly details: Readonly<Record<string, number | string>>;
}

export const findingTexts: Readonly<Record<CompletenessFinding, string>> = {
  'log-not-verified': 'the log does not verify, so that nothing can be held against it',
  'log-missing': 'feedback says nothing of this log',
  'log-behind': 'feedback has not followed the log up to where it was when it was asked',
  'count-differs': 'rows, concealed, pending, erased and repeated do not add up to the commitments in the log',
  'erased-differs': 'feedback calls another number erased than the log has statements of',
  'repeated-differs': 'feedback leaves out another number as repeated than statements stand in several logs',
  'commitment-lost': 'a sampled leaf has a commitment of which feedback knows nothing',
  'commitment-invented': 'feedback names a commitment that a sampled leaf does not have',
  'row-missing': 'a commitment was opened once and its person is not shown it',
  'opening-false': 'what feedback has as opening does not open the commitment',
};

/**
 * Σ commitments = rows + concealed + pending + erased + repeated, and what is erased stands in the log (`audit-log.md` §4.3).
 * `isShared`: some statement stands in several logs. In which of them it counts may have been another one before a restore,
 * so that erasures add up over all logs only (`compareRepeated`).
 */
export function compareCounts(
  { origin: log, verified, size, commitments, erasedInLog, said }: CountedLog,
  isShared = false,
): FoundProblem[] {
  if (!verified) return [{ finding: 'log-not-verified', log, details: {} }];
  if (said === undefined) return commitments === 0 ? [] : [{ finding: 'log-missing', log, details: { commitments } }];
  if (said.size < size) return [{ finding: 'log-behind', log, details: { size, followed: said.size } }];
  const { rows, concealed, pending, erased, repeated, stating } = said;
  const found: FoundProblem[] = [];
  if (rows + concealed + pending + erased + repeated !== commitments)
    found.push({ finding: 'count-differs', log, details: { commitments, rows, concealed, pending, erased, repeated } });
  if (!isShared && erased !== erasedInLog + stating)
    found.push({ finding: 'erased-differs', log, details: { erased, inLog: erasedInLog, stating } });
  return found;
}

/**
 * A statement that is a leaf of several logs counts in one of them, whichever was followed first: over all logs feedback
 * leaves out as many commitments as the leaves repeat.
 */
export function compareRepeated(logs: readonly RepeatedLog[], inLogs: number): FoundProblem[] {
  const sum = (of: (log: RepeatedLog) => number | undefined) => logs.reduce((total, log) => total + (of(log) ?? 0), 0);
  const [repeated, log] = [sum(({ said }) => said?.repeated), logs.at(-1)?.origin ?? ''];
  const found: FoundProblem[] = [];
  if (repeated !== inLogs) found.push({ finding: 'repeated-differs', log, details: { repeated, inLogs } });
  const [erased, stating] = [sum(({ said }) => said?.erased), sum(({ said }) => said?.stating)];
  const erasedInLogs = sum(({ erasedInLog }) => erasedInLog);
  if (repeated > 0 && erased !== erasedInLogs + stating)
    found.push({ finding: 'erased-differs', log, details: { erased, inLogs: erasedInLogs, stating } });
  return found;
}
type RepeatedLog = Pick<CountedLog, 'origin' | 'said' | 'erasedInLog'>;

/** What is wrong with feedback's word on the sampled leaves. */
export function compareSample(
  log: string,
  leaves: readonly LeafCommitment[],
  said: readonly SaidOfCommitment[],
): FoundProblem[] {
  const told = new Map(said.map((one) => [placeOf(one), one]));
  const known = new Set(leaves.map(placeOf));
  const problem = (
    finding: CompletenessFinding,
    { index, kind, position }: Omit<LeafCommitment, 'value'>,
  ): FoundProblem => ({
    finding,
    log,
    details: { index, kind, position },
  });
  const ofLeaves = leaves.flatMap((leaf) => {
    const one = told.get(placeOf(leaf));
    if (one === undefined) return [problem('commitment-lost', leaf)];
    if (one.state === 'missing') return [problem('row-missing', leaf)];
    if (one.state === 'pending' || one.state === 'erased' || one.state === 'repeated') return [];
    return isOpened(leaf, one) ? [] : [problem('opening-false', leaf)];
  });
  return [
    ...ofLeaves,
    ...said.filter((one) => !known.has(placeOf(one))).map((one) => problem('commitment-invented', one)),
  ];
}

function isOpened({ kind, value }: LeafCommitment, { opening }: SaidOfCommitment): boolean {
  if (opening === undefined) return false;
  return opens(kind, value, { ...opening, r: Buffer.from(opening.r, 'base64url') });
}

function placeOf({ index, kind, position }: Omit<LeafCommitment, 'value'>): string {
  return `${index}/${kind}/${position}`;
}
