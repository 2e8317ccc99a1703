import type { AccessRow, ShownQuestion } from './access-row.js';
import { element } from './element.js';
import { moment, nameOf } from './row-view.js';
import { text, type Language, type TextKey } from './texts.js';

/** The body of `POST /v1/subjects/me/questions`. */
export interface Asking {
  readonly leaf: AccessRow['leaf'];
  readonly role: AccessRow['role'];
  readonly subject: string;
  readonly code: (typeof CODES)[number];
  readonly text?: string;
  readonly language: Language;
}

/** The question as it stands now, or the code of the problem why it does not. */
export type Ask = (asking: Asking) => Promise<ShownQuestion | string>;

const CODES = ['WHY_LOOKED_UP', 'NOT_MY_CASE', 'OTHER'] as const;
const MAX_TEXT = '1000';
const PROBLEMS: Readonly<Record<string, TextKey>> = {
  'question-open': 'questionOpen',
  'questions-too-many': 'questionsTooMany',
  'recipient-gone': 'recipientGone',
};

/** A button that opens a form; with Escape or Cancel one is back at the button, and nothing was sent. */
export function askForm(
  row: AccessRow,
  language: Language,
  ask: Ask,
  asked: (question: ShownQuestion) => void,
): HTMLElement {
  const say = (key: TextKey) => text(language, key);
  // Many rows have this button: by its name alone one tells them apart.
  const name = `${say('askWhy')}: ${nameOf(row.consumer)}, ${moment(row.at, language)}`;
  const open = element('button', { type: 'button', 'aria-label': name, 'aria-expanded': 'false' }, say('askWhy'));
  const problem = element('p', { role: 'alert', class: 'failure' });
  const words = element('textarea', { name: 'text', rows: '3', maxlength: MAX_TEXT });
  const send = element('button', { type: 'submit' }, say('send'));
  const cancel = element('button', { type: 'button' }, say('cancel'));
  const form = element(
    'form',
    { class: 'ask', 'aria-label': name },
    element('fieldset', {}, element('legend', {}, say('reason')), ...CODES.map((code, at) => choice(code, at, say))),
    element('label', {}, say('ownWords'), words),
    element('p', { class: 'intro' }, say('onlyThey')),
    element('div', { class: 'actions' }, send, cancel),
    problem,
  );
  const toggle = (isOpen: boolean) => {
    form.hidden = !isOpen;
    open.hidden = isOpen;
    open.setAttribute('aria-expanded', String(isOpen));
    (isOpen ? form.querySelector('input') : open)?.focus();
  };
  form.hidden = true;
  open.addEventListener('click', () => toggle(true));
  cancel.addEventListener('click', () => toggle(false));
  form.addEventListener('keydown', ({ key }) => {
    if (key === 'Escape') toggle(false);
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void submit();
  });
  async function submit(): Promise<void> {
    const given = new FormData(form as HTMLFormElement);
    const own = (words as HTMLTextAreaElement).value.trim();
    const { leaf, role, subject } = row;
    const code = CODES.find((known) => known === given.get('code')) ?? 'OTHER';
    (send as HTMLButtonElement).disabled = true;
    problem.textContent = '';
    send.textContent = say('sending');
    const outcome = await ask({ leaf, role, subject, code, ...(own === '' ? {} : { text: own }), language });
    (send as HTMLButtonElement).disabled = false;
    send.textContent = say('send');
    if (typeof outcome === 'string') problem.textContent = say(PROBLEMS[outcome] ?? 'askFailed');
    else asked(outcome);
  }
  return element('div', {}, open, form);
}

function choice(code: (typeof CODES)[number], at: number, say: (key: TextKey) => string): HTMLElement {
  const input = element('input', { type: 'radio', name: 'code', value: code, ...(at === 0 ? { checked: '' } : {}) });
  return element('label', { class: 'choice' }, input, say(code));
}
