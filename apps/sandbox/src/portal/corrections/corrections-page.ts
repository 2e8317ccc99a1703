import { escapeHtml as escape } from '../../page/page.js';
import { portalFrame } from '../portal-page.js';
import type { OwnRecord, ShownCase } from './own-record.service.js';
import { RECORD_FIELDS, type RecordField } from './record-fields.js';

export interface CorrectionsPage {
  readonly subject: string;
  readonly record: OwnRecord | undefined;
  readonly cases: readonly ShownCase[];
  /** What became of the last request. */
  readonly notice?: { readonly text: string; readonly isProblem: boolean } | undefined;
}

/** Words of states; what the log says stands beside them. */
const STATE_WORDS: Readonly<Record<string, string>> = {
  DRAFT: 'On its way into the log',
  SUBMITTED: 'Received by the bus',
  ROUTED: 'With the agency',
  RECEIVED: 'The agency has signed for it',
  IN_REVIEW: 'Being looked at; the datum is flagged',
  NEEDS_INFO: 'The agency asks you something',
  TRANSFERRED: 'Passed on to the right agency',
  ACCEPTED: 'Accepted; the register is being corrected',
  PARTIALLY_ACCEPTED: 'Accepted in part; the register is being corrected',
  REJECTED: 'Rejected; you may appeal',
  CORRECTED: 'Corrected',
  PROPAGATING: 'Corrected; whoever got the old value is told',
  CLOSED: 'Closed',
  WITHDRAWN: 'Withdrawn',
  REOPENED: 'Open again',
};

/** A person's record with a way to say what is wrong in it, and what became of what they said. */
export function correctionsPage({ subject, record, cases, notice }: CorrectionsPage): string {
  const said =
    notice === undefined
      ? ''
      : `<p role="${notice.isProblem ? 'alert' : 'status'}"${notice.isProblem ? ' class="problem"' : ''}>${escape(notice.text)}</p>`;
  const fields =
    record === undefined
      ? '<p role="alert" class="problem">The Population Register does not answer. Try again later.</p>'
      : `<dl>${RECORD_FIELDS.map((field) => fieldRow(field, record)).join('\n')}</dl>`;
  return portalFrame(
    'en',
    `<header><strong>State Portal</strong> <span>${escape(subject)}</span> <a href="/">Who looked at my data</a>
<a href="/messages">Messages</a></header>
<h1>My record</h1>
${said}
<p>Shown in real time from the Population Register. If something is wrong, say so: the register has to answer.</p>
${fields}
<h2>My corrections</h2>
${cases.length === 0 ? '<p>None yet.</p>' : `<ul>${cases.map(caseRow).join('\n')}</ul>`}`,
  );
}

function fieldRow({ name, label }: RecordField, { values }: OwnRecord): string {
  const value = spelled(values[name]);
  return `<dt>${escape(label)}</dt>
<dd><span>${escape(value)}</span>
<details><summary>This is wrong</summary>
<form method="post" action="/corrections">
<input type="hidden" name="field" value="${escape(name)}">
<p><label>It should be<br><input name="proposed" required maxlength="200"></label></p>
<p><label>Why (only the agency reads it)<br><textarea name="explanation" maxlength="1000" rows="3"></textarea></label></p>
<p><button>Ask for a correction</button></p>
</form></details></dd>`;
}

function caseRow({ publicNumber, state, owner, filedAt, deadlines, words = [] }: ShownCase): string {
  const due = deadlines.flatMap(({ dueAt }) => dueAt ?? []).sort()[0];
  return `<li id="${escape(publicNumber)}"><strong>${escape(publicNumber)}</strong> – ${escape(STATE_WORDS[state] ?? state)}
<br><small>${escape(state)} · ${escape(owner)} · filed ${day(filedAt)}${due === undefined ? '' : ` · next step due ${day(due)}`}</small>${words.map(quoted).join('')}</li>`;
}

/** Plain text of an official: no markup is read in it, and its lines break where they did. */
function quoted(text: string): string {
  return `\n<blockquote>${text.split('\n').map(escape).join('<br>')}</blockquote>`;
}

function day(instant: string): string {
  return `<time datetime="${escape(instant)}">${escape(instant.slice(0, 10))}</time>`;
}

function spelled(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '–';
}
