import type { Terminal } from '../terminal/terminal.js';
import { QuestionDesk, type ReadQuestion } from './question-desk.service.js';

export interface QuestionsOptions {
  readonly subsystem: string;
  readonly keysDir: string;
  readonly feedbackUrl: string;
}

export interface AnswerOptions extends QuestionsOptions {
  readonly id: string;
  readonly code: string;
  readonly text?: string | undefined;
}

/** `kerege questions list`: what persons ask of a subsystem, opened with its key; one JSON object a line with `--json`. */
export async function listQuestions(
  { subsystem, keysDir, feedbackUrl, json }: QuestionsOptions & { readonly json: boolean },
  terminal: Terminal,
): Promise<void> {
  const desk = await QuestionDesk.open(feedbackUrl, subsystem, keysDir);
  const questions = await desk.waiting();
  for (const { standing, content } of questions)
    terminal.out(json ? `${JSON.stringify({ ...standing, ...content })}\n` : lines({ standing, content }, terminal));
  terminal.tell(questions.length === 0 ? 'No question waits for an answer.' : `${questions.length} to be answered.`);
}

/** `kerege questions answer`: signs the answer as the subsystem and hands it in; it can never be changed. */
export async function answerQuestion({ id, code, text, ...options }: AnswerOptions, terminal: Terminal): Promise<void> {
  const desk = await QuestionDesk.open(options.feedbackUrl, options.subsystem, options.keysDir);
  const { late } = await desk.answer(id, text === undefined ? { code } : { code, text });
  const mark = terminal.paint('green', '✓');
  terminal.tell(`${mark} Answered${late === true ? ', after its term' : ''}. Its statement goes into the log.`);
}

function lines({ standing, content }: ReadQuestion, terminal: Terminal): string {
  const overdue = standing.state === 'overdue' ? terminal.paint('red', ' overdue') : '';
  const head = `${standing.id}  due ${standing.dueAt}${overdue}\n`;
  if (content === undefined) return `${head}  sealed for a key that is not in the key file\n`;
  const { code, subject, role, exchangeId, language, text } = content;
  const words = text === undefined ? [] : text.split('\n').map((line) => `  | ${line}`);
  return [`${head}  ${code} about ${subject} (${role}), exchange ${exchangeId}, reads ${language}`, ...words, ''].join(
    '\n',
  );
}
