/** Script and style of the page are ours, nothing comes from elsewhere; the element styles its own shadow tree. */
export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
} as const;

const LANGUAGES = { az: 'Azərbaycanca', ky: 'Кыргызча', kk: 'Қазақша', ru: 'Русский', en: 'English' } as const;

export function signedOutPage(problem?: string): string {
  return page(
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
  return page(
    lang,
    `<header><strong>State Portal</strong> <span>${escape(subjects.join(', '))}</span>
<form method="post" action="/sign-out"><button>✕ <span>Sign out</span></button></form></header>
<nav aria-label="Language">${links.join(' · ')}</nav>
<kerege-accesses src="/accesses" lang="${lang}" subjects="${escape(subjects.join(' '))}" log-keys="${escape(vkeys.join(' '))}"></kerege-accesses>
<script type="module" src="/accesses.js"></script>`,
  );
}

function page(lang: string, body: string): string {
  return `<!doctype html>
<html lang="${lang}"><head><meta charset="utf-8"><title>State Portal – sandbox</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root { color-scheme: light dark; font: 100%/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 0 auto; padding: 1rem }
.sandbox { border: 3px solid #b45309; padding: .25rem 1rem }
.problem { border-left: .4rem solid #b91c1c; padding-left: .6rem }
header { display: flex; flex-wrap: wrap; gap: 1rem; align-items: center } header form { margin-inline-start: auto }
nav { margin: .5rem 0 1.5rem } [aria-current] { font-weight: 700; text-decoration: none }
.button, button { font: inherit; padding: .5rem .8rem; min-height: 2.75rem; border: 1px solid; border-radius: .4rem; background: transparent; color: inherit }
.button { display: inline-block; text-decoration: none }
:focus-visible { outline: 3px solid #2563eb; outline-offset: 2px }
</style></head>
<body><main>
<p class="sandbox">This is the sandbox of Kerege. Nobody in it exists.</p>
${body}
</main></body></html>
`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
