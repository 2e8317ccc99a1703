import { readQuestion, type DeliveryHead } from '#deliveries';
import { ok, refuse, type Result } from '#kernel';
import { parseStatement, verifyStatement, type Statement } from '#signing';
import type { RegistryView } from '#snapshot';

/**
 * `question-unstated`: this was not asked, or feedback has not signed that it was. `question-key-unknown`: the snapshot
 * lists no key of feedback under that name, so that nothing is said about the signature.
 */
export type QuestionFlaw = 'question-malformed' | 'question-unstated' | 'question-key-unknown';

/**
 * Whether feedback has stated this question. Whoever may write to the topic and knows the subsystem's public key can seal
 * one; what is told to its people rests on a leaf, which the recipient holds with it (`statement`) and finds in the log
 * within seconds. The leaf binds the id, who is asked, the term, and the request that it is about: nobody but feedback can
 * have somebody asked of an access. It does not bind what else is shown, `subject`, `exchangeId`, `role`, `code`, `text`
 * and `language`: that these are feedback's words rests on who may write to the topic.
 */
export function checkQuestion(head: DeliveryHead, content: unknown, view: RegistryView): Result<true, QuestionFlaw> {
  const question = readQuestion(content);
  if (question === undefined) return refuse('question-malformed');
  const read = parseStatement(question.statement);
  if (!read.ok || read.value.payload.t !== 'question.asked') return refuse('question-unstated');
  const { id, to, until, prev } = read.value.payload;
  const isSame = id === head.id && question.questionId === id && to === head.to && prev === question.request;
  const isInTime = until === head.dueMs && until === Date.parse(question.dueAt);
  if (!isSame || !isInTime) return refuse('question-unstated');
  const signed = signedByFeedback(read.value, view);
  return signed.ok ? signed : refuse(`question-${signed.reason}` as const);
}

/** Whether a key signed it that was some feedback's when it says that it was made. */
export function signedByFeedback(statement: Statement, view: RegistryView): Result<true, 'unstated' | 'key-unknown'> {
  const { ts } = statement.payload;
  const feedbacks = view.instances.filter(({ kind }) => kind === 'feedback');
  const keys = feedbacks.flatMap(({ id }) => view.keyOf(id, statement.kid) ?? []);
  if (keys.length === 0) return refuse('key-unknown');
  const isSigned = keys.some(
    ({ use, fromMs, untilMs, jwk }) =>
      use === 'sign' && fromMs <= ts && ts < untilMs && verifyStatement(statement, jwk),
  );
  return isSigned ? ok(true) : refuse('unstated');
}

/** Further apart than this are no clocks that work. */
const MAX_CLOCK_DISTANCE_MS = 5 * 60_000;

/**
 * Whether a newer snapshot than `view` may know a key that was in use at `writtenMs`: until we hold one whose manifest is
 * younger than that. The registry renews its manifest every minute; when it is silent, `view` itself runs out. `writtenMs`
 * is the writer's word: one far in our future gains nothing.
 */
export function mayBeOutdated(
  view: RegistryView,
  manifest: Pick<Statement, 'payload'> | undefined,
  writtenMs: number,
  nowMs: number,
): boolean {
  if (writtenMs - nowMs > MAX_CLOCK_DISTANCE_MS) return false;
  const payload = manifest?.payload;
  // The newest manifest may be of a snapshot that is still to be read.
  const isOfView = payload?.t === 'registry.manifest' && payload.n === view.number;
  return !isOfView || payload.ts <= writtenMs;
}
