import { fromBase64Url, toBase64Url } from '#kernel';
import { questionAnswerDigest, type Statement } from '#signing';
import type { AccessRow, ProvenStatement, ShownQuestion } from './access-row.js';
import { isPinned, readStatement, standsAt, type Trust } from './prove-leaf.js';
import type { Finding, Verdict } from './prove-row.js';

/** What is checked of a question beside its row. */
export interface QuestionFindings {
  /** The question stands in the log: to whom, about which exchange, when, and by when it is to be answered. */
  readonly asked: Finding;
  /** The answer stands in the log, and is the one that is shown; undefined while there is none. */
  readonly answered: Finding | undefined;
}

/** As `proveRow`: what has no evidence is `missing`, never `ok`. Never throws. */
export async function proveQuestion(row: AccessRow, trust: Trust): Promise<QuestionFindings | undefined> {
  const { question } = row;
  if (question === undefined) return undefined;
  try {
    const asked = await askedFinding(question, row, trust);
    return { asked, answered: question.state === 'answered' ? await answeredFinding(question, trust) : undefined };
  } catch {
    // A browser without these signatures: nothing is shown to be false by that.
    return { asked: 'missing', answered: question.state === 'answered' ? 'missing' : undefined };
  }
}

export function questionVerdict({ asked, answered = 'ok' }: QuestionFindings): Verdict {
  if (asked === 'false' || answered === 'false') return 'false';
  return asked === 'ok' && answered === 'ok' ? 'proven' : 'unproven';
}

async function askedFinding(question: ShownQuestion, row: AccessRow, trust: Trust): Promise<Finding> {
  const request = row.evidence?.request ?? row.evidence;
  const exchange = request === undefined ? undefined : readStatement(request.statement);
  return found(question.evidence?.asked, trust, ({ payload }) => {
    if (exchange === undefined || payload.t !== 'question.asked') return false;
    const said = [payload.id, payload.to, payload.prev, payload.ts, payload.until];
    const { id, askedAt, dueAt } = question;
    const shown = [id, row.consumer.id, toBase64Url(exchange.leafHash), Date.parse(askedAt), Date.parse(dueAt)];
    return said.every((value, at) => value === shown[at]);
  });
}

async function answeredFinding({ evidence, answer, id }: ShownQuestion, trust: Trust): Promise<Finding> {
  const asked = evidence === undefined ? undefined : readStatement(evidence.asked.statement);
  const salt = fromBase64Url(evidence?.answered?.salt ?? '');
  if (answer === undefined) return 'missing';
  return found(evidence?.answered, trust, ({ payload }) => {
    if (asked === undefined || salt === undefined || payload.t !== 'question.answered') return false;
    const { from, to } = asked.payload;
    const said = [payload.id, payload.from, payload.to, payload.prev, payload.doc];
    const { code, text } = answer;
    const shown = [id, from, to, toBase64Url(asked.leafHash), questionAnswerDigest(salt, { code, text })];
    return said.every((value, at) => value === shown[at]);
  });
}

/** A leaf that a log with a pinned key holds, and that says what `holds` asks. */
async function found(
  proven: ProvenStatement | undefined,
  trust: Trust,
  holds: (statement: Statement) => boolean,
): Promise<Finding> {
  if (proven === undefined || !isPinned(proven, trust)) return 'missing';
  const statement = readStatement(proven.statement);
  return statement !== undefined && holds(statement) && (await standsAt(proven, undefined, trust)) ? 'ok' : 'false';
}
