import { word } from '../terminal/command-line.js';

/** By secret: what a visitor types to have one. */
export type Shown = ReadonlyMap<string, string>;

/** The `curl` that makes the same call; a secret stands in it as the command that gives one. */
export function curlOf(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string | undefined,
  shown: Shown,
): string {
  const fields = Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`, shown)}`);
  const data = body === undefined ? [] : [`-d ${quoted(body, shown)}`];
  return [`curl -i ${quoted(url, shown)}`, ...fields, ...data].join(' \\\n      ');
}

/** The command line, as a person types it. */
export function keregeOf(args: readonly string[], shown: Shown): string {
  return ['npx kerege', ...args.map((arg) => quoted(arg, shown))].join(' ');
}

/** What gives a token; `typed`: options of its own instance, if it has to be told them. */
export function tokenCommand(subsystem: string, args: readonly string[], typed: string): string {
  return ['npx kerege token --as', subsystem, ...args.map(word), typed].join(' ').trimEnd();
}

function quoted(text: string, shown: Shown): string {
  const secret = [...shown.keys()].find((known) => text.includes(known));
  return secret === undefined ? word(text) : `"${text.replace(secret, () => `$(${shown.get(secret) ?? ''})`)}"`;
}
