/** How an error of ours looks on `/r1` (`exchange.md` §1, §2.6). */
export type ErrorFace = 'problem' | 'json' | 'application/xml' | 'text/xml';

const XML: Readonly<Record<string, ErrorFace>> = {
  'application/xml': 'application/xml',
  'text/xml': 'text/xml',
  'text/*': 'text/xml',
};
const PROBLEM = 'application/problem+json';
const WILD = new Set(['*/*', 'application/*']);

/**
 * Native problem documents where `Accept` prefers them to every other type that it names; else X-Road's own choice, for
 * which quality values do not exist: the first XML type in order, else JSON, also for what nobody knows.
 */
export function chooseFace(accept: string): ErrorFace {
  const entries = accept
    .split(',')
    .map(parseEntry)
    .filter(({ type }) => type !== '');
  if (prefersProblem(entries)) return 'problem';
  for (const { type } of entries) {
    const face = XML[type];
    if (face !== undefined) return face;
  }
  return 'json';
}

interface Entry {
  readonly type: string;
  readonly quality: number;
}

/** Ties go to the type that is named first; a wildcard names nothing. */
function prefersProblem(entries: readonly Entry[]): boolean {
  const position = entries.findIndex(({ type, quality }) => type === PROBLEM && quality > 0);
  const problem = entries[position];
  if (problem === undefined) return false;
  return entries.every(
    ({ type, quality }, index) =>
      WILD.has(type) || quality < problem.quality || (quality === problem.quality && index >= position),
  );
}

function parseEntry(text: string): Entry {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const given = parameters.find((parameter) => parameter.startsWith('q='));
  const quality = given === undefined ? 1 : Number(given.slice(2));
  return { type, quality: Number.isFinite(quality) ? quality : 1 };
}
