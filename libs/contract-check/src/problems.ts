import type { ErrorObject } from 'ajv';

/** What is wrong and where: a place and a rule of the document, never a value, and no name that only the sender chose. */
export interface ContractProblem {
  /** JSON pointer after `/body`, `/path`, `/query` or `/header`. */
  readonly pointer: string;
  /** The keyword that is not met. */
  readonly message: string;
}

const MAX_PROBLEMS = 20;
const MAX_POINTER = 300;

/** A key that a document may name is short and plain; any other, e.g. of a map by person, is shown as `*`. */
function shownToken(token: string, known: ReadonlySet<string>): string {
  return known.has(token) || /^\d{1,6}$/.test(token) ? token : '*';
}

/** Problems of one part, bounded in number and length; `known` are the names that the document itself holds. */
export function problemsOf(
  errors: readonly ErrorObject[],
  at: string,
  known: ReadonlySet<string>,
): readonly ContractProblem[] {
  return errors.slice(0, MAX_PROBLEMS).map(({ instancePath, keyword, params }) => {
    const place = instancePath
      .split('/')
      .map((token, index) => (index === 0 ? '' : shownToken(token, known)))
      .join('/');
    const missing: unknown = keyword === 'required' ? params['missingProperty'] : undefined;
    const named = typeof missing === 'string' ? ` "${missing.slice(0, 64)}"` : '';
    return { pointer: `${at}${place}`.slice(0, MAX_POINTER), message: `does not meet "${keyword}"${named}` };
  });
}
