/** Headers of every page of the sandbox: nothing from elsewhere, nothing kept. `allowed` is what its policy lets in. */
export function pageHeaders(allowed: string) {
  return {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
    'referrer-policy': 'no-referrer',
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'content-security-policy': `default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; ${allowed}`,
  } as const;
}

export interface PageParts {
  readonly title: string;
  /** Of the page; English if absent. */
  readonly lang?: string;
  /** Rules beside those that all pages share. */
  readonly style: string;
  /** That nobody is to take it for more than it is. */
  readonly notice: string;
  /** Markup, made of escaped texts. */
  readonly body: string;
}

export function page({ title, lang = 'en', style, notice, body }: PageParts): string {
  return `<!doctype html>
<html lang="${lang}"><head><meta charset="utf-8"><title>${escapeHtml(title)} – sandbox</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root { color-scheme: light dark; font: 100%/1.5 system-ui, sans-serif }
body { margin: 0 auto; padding: 1rem }
.sandbox { border: 3px solid #b45309; padding: .5rem 1rem }
.problem { border-left: .4rem solid #b91c1c; padding-left: .6rem }
:focus-visible { outline: 3px solid #2563eb; outline-offset: 2px }
${style}
</style></head>
<body><main>
<p class="sandbox">This is the sandbox of Kerege. ${escapeHtml(notice)}</p>
${body}
</main></body></html>
`;
}

export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
