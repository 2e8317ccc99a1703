import { opens, payloadProblem, type StatementPayload, type StatementType, type SubjectOpening } from '#signing';

/** What a payload has to say for this gateway to sign it in the consumer's name. */
export interface ExpectedPayload {
  readonly t: StatementType;
  readonly id: string;
  readonly from: string;
  readonly to?: string | undefined;
  /** Exactly this; absent: none may stand there. */
  readonly doc?: string | undefined;
  /** Exactly this; absent: none may stand there. */
  readonly why?: string | undefined;
  /** Of a first transition: it opens `subj`. */
  readonly opening?: SubjectOpening | undefined;
}

/** Feedback takes what was signed within five minutes. */
const MOST_APART_MS = 5 * 60_000;

/**
 * The proposed payload if it says what was asked for and nothing that was not; undefined otherwise. The signature is the
 * consumer's: feedback must not get one for another case, another transition or another person.
 */
export function soundPayload(
  proposed: unknown,
  expected: ExpectedPayload,
  nowMs: number,
): StatementPayload | undefined {
  if (typeof proposed !== 'object' || proposed === null) return undefined;
  const fields = proposed as Readonly<Record<string, unknown>>;
  if (payloadProblem(fields) !== undefined) return undefined;
  const payload = proposed as StatementPayload;
  const isNow = Math.abs(payload.ts - nowMs) <= MOST_APART_MS;
  return isNow && isOfCase(payload, expected) && isAbout(payload, expected.opening) ? payload : undefined;
}

function isOfCase(payload: StatementPayload, { t, id, from, to, doc, why }: ExpectedPayload): boolean {
  const isParties = payload.from === from && (to === undefined || payload.to === to);
  return payload.t === t && payload.id === id && isParties && payload.doc === doc && payload.why === why;
}

function isAbout({ subj }: StatementPayload, opening: SubjectOpening | undefined): boolean {
  if (opening === undefined) return subj === undefined;
  const [commitment, ...others] = subj ?? [];
  return commitment !== undefined && others.length === 0 && opens('subject', commitment, opening);
}
