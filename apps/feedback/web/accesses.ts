import css from './accesses.css';
import { readPage, readQuestion, type AccessPage, type AccessRow, type ShownQuestion } from './access-row.js';
import type { Ask, Asking } from './ask-form.js';
import { element } from './element.js';
import type { Ed25519, Trust } from './prove-leaf.js';
import { proveQuestion } from './prove-question.js';
import { proveRow, verdictOf, type Verdict } from './prove-row.js';
import { questionView } from './question-view.js';
import { rowView } from './row-view.js';
import { languageOf, text, type Language, type TextKey } from './texts.js';
import { whoView } from './who-view.js';

const PAGE = 50;
const TIMEOUT_MS = 20_000;

/**
 * `<kerege-accesses src="/accesses" ask="/questions" subjects="DEMO/PIN/TEST000007" log-keys="name+id+key" lang="az">`:
 * the access history of a person, each row proven in the browser. `src` is the portal's own path to
 * `GET /v1/subjects/me/accesses`, `ask` to `POST /v1/subjects/me/questions` (absent: nobody is asked why); `subjects` are whom the portal has signed in and whom they represent; `log-keys` are
 * the logs' keys as the portal has pinned them (space-separated). It sends nothing to anybody else.
 */
class AccessesElement extends HTMLElement {
  private readonly root = this.attachShadow({ mode: 'open' });
  private readonly rows: AccessRow[] = [];
  private readonly verdicts: Verdict[] = [];
  private readonly list = element('ol', { class: 'rows' });
  private readonly picture = element('div');
  private readonly status = element('p', { class: 'status', role: 'status', 'aria-live': 'polite' });
  private readonly bar = element('progress', { 'aria-hidden': 'true', max: '1', value: '0' });
  private readonly foot = element('div');
  private language: Language = 'en';
  /** Counts loads: what an older one brings is not shown any more. */
  private load = 0;

  connectedCallback(): void {
    this.language = languageOf([this.lang, document.documentElement.lang, ...navigator.languages]);
    const style = element('style', {}, css);
    const section = element(
      'section',
      { 'aria-labelledby': 'title', lang: this.language },
      element('h2', { id: 'title' }, this.say('title')),
      element('p', { class: 'intro' }, this.say('intro')),
      this.filters(),
      this.status,
      this.bar,
      this.picture,
      this.list,
      this.foot,
    );
    this.root.replaceChildren(style, section);
    void this.begin();
  }

  private say(key: TextKey, values?: Readonly<Record<string, number>>): string {
    return text(this.language, key, values);
  }

  private filters(): HTMLElement {
    const field = (name: 'from' | 'until') =>
      element('label', {}, this.say(name), element('input', { type: 'date', name }));
    const form = element('form', {}, field('from'), field('until'), element('button', {}, this.say('apply')));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.begin();
    });
    return form;
  }

  private begin(): Promise<void> {
    this.load += 1;
    this.rows.length = 0;
    this.verdicts.length = 0;
    this.list.replaceChildren();
    this.picture.replaceChildren();
    return this.more(undefined);
  }

  private async more(cursor: string | undefined): Promise<void> {
    const { load } = this;
    this.foot.replaceChildren();
    this.status.textContent = this.say('loading');
    const page = await this.fetchPage(cursor);
    if (load !== this.load) return;
    if (page === undefined) {
      this.fail(cursor);
      return;
    }
    const first = this.rows.length;
    this.rows.push(...page.accesses);
    const { next } = page;
    if (next !== undefined) this.foot.append(this.button('more', () => this.more(next)));
    const ask = this.asker();
    const views = page.accesses.map((row) => {
      const question = questionView(row, this.language, ask);
      return { question, ...rowView(row, this.language, this.subjects.length > 1, question.item) };
    });
    this.list.append(...views.map(({ item }) => item));
    this.picture.replaceChildren(...(this.rows.length > 0 ? [whoView(this.rows, this.language)] : []));
    this.tell();
    const trust = this.trust();
    for (const [offset, view] of views.entries()) {
      const row = this.rows[first + offset];
      if (row === undefined || load !== this.load) return;
      const findings = await proveRow(row, this.subjectOf(row), trust);
      if (load !== this.load) return;
      view.show(findings);
      const asked = await proveQuestion(row, trust);
      if (load !== this.load) return;
      if (asked !== undefined) view.question.show(asked);
      this.verdicts.push(verdictOf(findings));
      this.tell();
    }
  }

  /** Whom the portal did not name is nobody's row here: it will be shown as false. */
  private subjectOf(row: AccessRow): string {
    return this.subjects.includes(row.subject) ? row.subject : '';
  }

  private get subjects(): string[] {
    return (this.getAttribute('subjects') ?? '').split(' ');
  }

  private trust(): Trust {
    const vkeys = (this.getAttribute('log-keys') ?? '').split(' ').filter((vkey) => vkey !== '');
    return { vkeys, ed25519: browserEd25519 };
  }

  private asker(): Ask | undefined {
    const path = this.getAttribute('ask');
    return path === null ? undefined : (asking) => this.ask(new URL(path, document.baseURI), asking);
  }

  /** As JSON, which no form of another site sends: the portal's backend takes nothing else. */
  private async ask(url: URL, asking: Asking): Promise<ShownQuestion | string> {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { Accept: 'application/json', 'Content-Type': 'application/json' },
        body: JSON.stringify(asking),
        credentials: 'same-origin',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const answer: unknown = await response.json();
      if (response.ok) return readQuestion(answer) ?? '';
      return String(Reflect.get(Object(answer) as object, 'code'));
    } catch {
      // No network, or no JSON: the person is told, and may try again.
      return '';
    }
  }

  private async fetchPage(cursor: string | undefined): Promise<AccessPage | undefined> {
    const url = new URL(this.getAttribute('src') ?? '', document.baseURI);
    const filled = [...this.root.querySelectorAll<HTMLInputElement>('input[type=date]')].filter(
      ({ value }) => value !== '',
    );
    for (const { name, value } of filled) url.searchParams.set(name, instantOf(name, value));
    url.searchParams.set('limit', String(PAGE));
    url.searchParams.set('proofs', 'true');
    url.searchParams.set('lang', this.language);
    if (cursor !== undefined) url.searchParams.set('cursor', cursor);
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const response = await fetch(url, {
        headers: { Accept: 'application/json' },
        credentials: 'same-origin',
        signal,
      });
      return response.ok ? readPage(await response.json()) : undefined;
    } catch {
      // No network, or no JSON: the person is told, and may try again.
      return undefined;
    }
  }

  private tell(): void {
    const total = this.rows.length;
    const done = this.verdicts.length;
    const count = this.verdicts.filter((verdict) => verdict === 'false').length;
    this.bar.setAttribute('max', String(Math.max(1, total)));
    this.bar.setAttribute('value', String(done));
    this.bar.hidden = done === total;
    this.status.className = count > 0 ? 'status failure' : 'status';
    this.status.textContent = this.summary(total, done, count);
  }

  private summary(total: number, done: number, count: number): string {
    if (total === 0) return this.say('empty');
    if (count > 0) return this.say('someFalse', { count });
    const all = done === total && this.verdicts.every((verdict) => verdict === 'proven');
    return this.say(all ? 'allProven' : 'progress', { total, done });
  }

  private fail(cursor: string | undefined): void {
    this.status.className = 'status failure';
    this.status.textContent = this.say('failed');
    this.foot.replaceChildren(this.button('retry', () => this.more(cursor)));
  }

  private button(key: TextKey, act: () => Promise<void>): HTMLElement {
    const button = element('button', { type: 'button' }, this.say(key));
    button.addEventListener('click', () => void act());
    return button;
  }
}

/** Days are the person's: from its first moment, until its last. */
function instantOf(name: string, day: string): string {
  const start = new Date(`${day}T00:00:00`);
  if (name === 'until') start.setDate(start.getDate() + 1);
  return start.toISOString();
}

const browserEd25519: Ed25519 = async (publicKey, message, signature) => {
  const key = await crypto.subtle.importKey('raw', copied(publicKey), 'Ed25519', false, ['verify']);
  return crypto.subtle.verify('Ed25519', key, copied(signature), copied(message));
};

function copied(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

customElements.define('kerege-accesses', AccessesElement);
