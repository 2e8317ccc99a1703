import { readQuestion, type DeliveryHead } from '#deliveries';
import { ok, refuse, type Result } from '#kernel';
import { parseStatement, verifyStatement, type Statement } from '#signing';
import type { RegistryView } from '#snapshot';

/** `question-unstated`: no feedback of the snapshot has signed that this was asked. */
export type QuestionFlaw = 'question-malformed' | 'question-unstated';

/**
 * Whether feedback has stated this question: to this subsystem, under this id, with this term and of this access. Whoever
 * may write to the topic and knows the subsystem's public key can seal one; what is told to its people is what feedback
 * stands for with a leaf, which the recipient holds with it (`statement`) and finds in the log within seconds.
 */
export function checkQuestion(head: DeliveryHead, content: unknown, view: RegistryView): Result<true, QuestionFlaw> {
  const question = readQuestion(content);
  if (question === undefined) return refuse('question-malformed');
  const read = parseStatement(question.statement);
  if (!read.ok || read.value.payload.t !== 'question.asked') return refuse('question-unstated');
  const { id, to, until, prev } = read.value.payload;
  const isSame = id === head.id && question.questionId === id && to === head.to && until === head.dueMs;
  if (!isSame || prev !== question.request) return refuse('question-unstated');
  return isOfFeedback(read.value, view) ? ok(true) : refuse('question-unstated');
}

function isOfFeedback(statement: Statement, view: RegistryView): boolean {
  const { ts } = statement.payload;
  return view.instances.some(({ id, kind }) => {
    const key = kind === 'feedback' ? view.keyOf(id, statement.kid) : undefined;
    return key?.use === 'sign' && key.fromMs <= ts && ts < key.untilMs && verifyStatement(statement, key.jwk);
  });
}
