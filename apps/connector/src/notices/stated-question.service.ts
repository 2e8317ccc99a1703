import { readQuestion, type DeliveryHead } from '#deliveries';
import { ok, refuse, type Result } from '#kernel';
import { parseStatement, verifyStatement, type Statement } from '#signing';
import type { RegistryView } from '#snapshot';

/** `question-unstated`: no feedback of the snapshot has signed that this was asked. */
export type QuestionFlaw = 'question-malformed' | 'question-unstated';

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
  return isSame && isInTime && isOfFeedback(read.value, view) ? ok(true) : refuse('question-unstated');
}

function isOfFeedback(statement: Statement, view: RegistryView): boolean {
  const { ts } = statement.payload;
  return view.instances.some(({ id, kind }) => {
    const key = kind === 'feedback' ? view.keyOf(id, statement.kid) : undefined;
    return key?.use === 'sign' && key.fromMs <= ts && ts < key.untilMs && verifyStatement(statement, key.jwk);
  });
}
