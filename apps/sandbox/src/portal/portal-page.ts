import { escapeHtml as escape, page, pageHeaders } from '../page/page.js';

/** The one script is our own; the element styles its own shadow tree. */
export const PAGE_HEADERS = pageHeaders("script-src 'self'; connect-src 'self'; form-action 'self'");

const LANGUAGES = { az: 'Azərbaycanca', ky: 'Кыргызча', kk: 'Қазақша', ru: 'Русский', en: 'English' } as const;

export function signedOutPage(problem?: string): string {
  return portalFrame(
    'en',
    `<h1>State Portal</h1>
${problem === undefined ? '' : `<p role="alert" class="problem">${escape(problem)}</p>`}
<p>Sign in to see who looked at your data. In the sandbox nobody needs a password.</p>
<p><a class="button" href="/sign-in">Sign in</a></p>`,
  );
}

export interface HistoryPage {
  readonly language: string | undefined;
  readonly subjects: readonly string[];
  /** Keys of the logs, pinned for the browser. */
  readonly vkeys: readonly string[];
}

export function historyPage({ language, subjects, vkeys }: HistoryPage): string {
  const lang = language !== undefined && language in LANGUAGES ? language : 'en';
  const links = Object.entries(LANGUAGES).map(
    ([code, name]) =>
      `<a href="/?lang=${code}" lang="${code}"${code === lang ? ' aria-current="true"' : ''}>${escape(name)}</a>`,
  );
  return portalFrame(
    lang,
    `<header><strong>State Portal</strong> <span>${escape(subjects.join(', '))}</span>
<a href="/corrections">My record</a> <a href="/messages">Messages</a>
<form method="post" action="/sign-out"><button>✕ <span>Sign out</span></button></form></header>
<nav aria-label="Language">${links.join(' · ')}</nav>
<kerege-accesses src="/accesses" ask="/questions" lang="${lang}" subjects="${escape(subjects.join(' '))}" log-keys="${escape(vkeys.join(' '))}"></kerege-accesses>
<script type="module" src="/accesses.js"></script>`,
  );
}

/** What every page of the portal stands in. */
export function portalFrame(lang: string, body: string): string {
  return page({
    title: 'State Portal',
    lang,
    style: `body { max-width: 60rem }
header { display: flex; flex-wrap: wrap; gap: 1rem; align-items: center } header form { margin-inline-start: auto }
nav { margin: .5rem 0 1.5rem } [aria-current] { font-weight: 700; text-decoration: none }
.button, button { font: inherit; padding: .5rem .8rem; min-height: 2.75rem; border: 1px solid; border-radius: .4rem; background: transparent; color: inherit }
.button { display: inline-block; text-decoration: none }
dt { font-weight: 600; margin-top: 1rem } dd { margin: 0 } input, textarea { font: inherit; max-width: 100% }`,
    notice: 'Nobody in it exists.',
    body,
  });
}
