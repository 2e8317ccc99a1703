import { escapeHtml as escape, page, pageHeaders } from '../page/page.js';
import { LEVELS, type SignInClient } from './client.js';
import { everybody, type Person } from './person.js';

/** No script, nothing from elsewhere. A form may lead to wherever on this machine its client listens. */
export const PAGE_HEADERS = pageHeaders("form-action 'self' http://127.0.0.1:* http://localhost:*");

/** Those of whom the walk-throughs speak. */
const KNOWN: Readonly<Record<string, string>> = {
  TEST000001: 'the first citizen',
  TEST000007: 'wrong birth year in the register; represents TEST000013',
  TEST000013: 'lives where the cadastre contradicts',
  OFF000001: 'the first official',
};

/** Asks who signs in. `problem` is what was wrong with the answer before. */
export function signInPage(action: string, client: SignInClient, problem?: string): string {
  const people = everybody(client.people);
  const [first] = people;
  const quick = people.filter(({ code }) => code in KNOWN);
  return signInFrame(
    `Sign in to ${client.name}`,
    `<p><strong>${escape(client.name)}</strong> <span class="id">(${escape(client.subsystem)})</span> asks who you are.</p>
${problem === undefined ? '' : `<p id="problem" class="problem" role="alert">${escape(problem)}</p>`}
<form method="post" action="${escape(action)}">
<label for="person">Test identity</label>
<input id="person" name="person" list="people" required maxlength="10" autocomplete="off" spellcheck="false"
 aria-describedby="hint${problem === undefined ? '' : ' problem" aria-invalid="true'}" autofocus>
<p id="hint" class="hint">${escape(first?.code ?? '')} to ${escape(people.at(-1)?.code ?? '')}. No password.</p>
<datalist id="people">${people.map(optionOf).join('')}</datalist>
<fieldset><legend>How sure the sign-in is to be</legend>
${LEVELS.map((level, index) => `<label class="choice"><input type="radio" name="level" value="${level}"${index === 0 ? ' checked' : ''}> ${level}</label>`).join('\n')}
</fieldset>
<button>Sign in</button>
</form>
<h2 id="quick">Known from the walk-throughs</h2>
<ul aria-labelledby="quick">${quick.map((known) => quickForm(action, known)).join('')}</ul>`,
  );
}

/** What cannot be gone on with. */
export function problemPage(problem: string): string {
  return signInFrame(
    'Sign-in did not work',
    `<p class="problem" role="alert">${escape(problem)}</p>
<p>Go back to where you came from and begin again.</p>`,
  );
}

function optionOf({ code, name }: Person): string {
  return `<option value="${escape(code)}">${escape(name)}</option>`;
}

function quickForm(action: string, { code, name }: Person): string {
  const note = KNOWN[code] ?? '';
  return `<li><form method="post" action="${escape(action)}"><input type="hidden" name="person" value="${escape(code)}">
<input type="hidden" name="level" value="high"><button>Sign in as ${escape(code)}</button> ${escape(name)}, ${escape(note)}</form></li>`;
}

function signInFrame(title: string, body: string): string {
  return page({
    title,
    style: `body { max-width: 40rem }
.hint, .id { opacity: .8 }
label, legend { font-weight: 600 } label { display: block } .choice { font-weight: 400 }
input:not([type]), button { font: inherit; padding: .5rem .7rem; min-height: 2.75rem } fieldset { margin: 1rem 0 }
ul { list-style: none; padding: 0 } li { margin: .5rem 0 }`,
    notice: 'Nobody who signs in here exists, and anybody may be anybody.',
    body: `<h1>${escape(title)}</h1>\n${body}`,
  });
}
