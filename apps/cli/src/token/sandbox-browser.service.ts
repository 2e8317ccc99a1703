import { cliErrors } from '../cli.errors.js';
import { ask, problemText } from '../terminal/json-client.service.js';

/**
 * What a test identity does with the sign-in page of the sandbox, from the address at which it begins. Returns where the
 * browser is sent in the end, without going there.
 */
export async function fillIn(
  start: URL,
  { person, level }: { readonly person: string; readonly level: string },
): Promise<URL> {
  const browser = new Browser();
  const page = await browser.go(start);
  const signedIn = await browser.go(page, new URLSearchParams({ person, level }));
  return browser.go(signedIn);
}

/** As much of a browser as a sign-in needs: it keeps cookies, and says where it is sent next. */
class Browser {
  private readonly cookies = new Map<string, string>();

  async go(url: URL, form?: URLSearchParams): Promise<URL> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const init = form === undefined ? {} : { method: 'POST', body: form };
    const answer = await ask(url.href, { redirect: 'manual', headers: { cookie }, ...init });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=;]+)=([^;]*)/.exec(line) ?? [];
      if (name !== undefined && value !== undefined) this.cookies.set(name, value);
    }
    const location = answer.headers.get('location');
    if (answer.status === 422) throw signInRefused('there is no such test identity for this client');
    if (location === null) throw signInRefused(problemText(answer));
    return new URL(location, url);
  }
}

function signInRefused(problem: string) {
  return cliErrors.error('sign-in-refused', { extensions: { problem } });
}
