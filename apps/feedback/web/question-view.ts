import type { AccessRow, ShownQuestion } from './access-row.js';
import { askForm, type Ask } from './ask-form.js';
import { element } from './element.js';
import { questionVerdict, type QuestionFindings } from './prove-question.js';
import { marked, moment, nameOf } from './row-view.js';
import { text, type Language, type TextKey } from './texts.js';

/** What a person asked about one access, or the button with which they ask. */
export interface QuestionView {
  readonly item: HTMLElement;
  show(findings: QuestionFindings): void;
}

/** `ask`: how this portal passes questions on; undefined where it does not, and then there is no button. */
export function questionView(row: AccessRow, language: Language, ask: Ask | undefined): QuestionView {
  const item = element('div', { class: 'question' });
  const mark = element('span', { class: 'mark' });
  const shown = (question: ShownQuestion) => questionPart(question, row, language, mark);
  if (row.question !== undefined) item.append(shown(row.question));
  // One who had their answer may ask again.
  if (ask !== undefined && (row.question === undefined || row.question.state === 'answered')) {
    item.append(
      askForm(row, language, ask, (question) => {
        const part = shown(question);
        // Its leaf comes into the log within seconds; the next time the list is loaded it is proven.
        marked(mark, 'unproven', language);
        item.replaceChildren(part);
        part.focus();
      }),
    );
  }
  return { item, show: (findings) => marked(mark, questionVerdict(findings), language) };
}

function questionPart(question: ShownQuestion, row: AccessRow, language: Language, mark: HTMLElement): HTMLElement {
  const say = (key: TextKey) => text(language, key);
  const when = (iso: string) => element('time', { datetime: iso }, moment(iso, language));
  const { state, askedAt, dueAt, answeredAt, late, answer } = question;
  const standing = state === 'asked' ? say('waiting') : say(state);
  return element(
    'section',
    { tabindex: '-1', 'aria-label': `${say('yourQuestion')}: ${nameOf(row.consumer)}`, 'data-question': question.id },
    element(
      'p',
      { class: `standing ${state}` },
      element('strong', {}, `${say('yourQuestion')}: `),
      standing,
      ' ',
      mark,
    ),
    element(
      'dl',
      {},
      ...entry(say('askedOn'), when(askedAt)),
      ...(answeredAt === undefined ? entry(say('dueOn'), when(dueAt)) : []),
      ...(answeredAt === undefined
        ? []
        : entry(say('answeredOn'), when(answeredAt), late === true ? ` (${say('late')})` : '')),
      ...(answer === undefined ? [] : entry(say('answer'), answerPart(answer))),
    ),
  );
}

/** The code stands beside its title: the code is what is proven. */
function answerPart({ code, title, text: words }: NonNullable<ShownQuestion['answer']>): HTMLElement {
  return element(
    'div',
    { class: 'answer' },
    element('strong', {}, title ?? code),
    title === undefined ? undefined : element('code', {}, ` ${code}`),
    words === undefined ? undefined : element('blockquote', {}, words),
  );
}

function entry(term: string, ...said: (HTMLElement | string)[]): HTMLElement[] {
  return [element('dt', {}, term), element('dd', {}, ...said)];
}
