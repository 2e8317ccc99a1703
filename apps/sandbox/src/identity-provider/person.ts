import { CITIZENS, citizen } from '../agencies/citizen.js';

/** Somebody who can sign in here. Nobody of them exists, and none has a password. */
export interface Person {
  readonly kind: 'citizen' | 'official';
  readonly code: string;
  readonly name: string;
  /** Codes of citizens for whom this one may act. */
  readonly represents: readonly string[];
}

const OFFICIALS = 9;
/** Guardians, and their wards. */
const REPRESENTED: ReadonlyMap<string, readonly string[]> = new Map([
  ['TEST000007', ['TEST000013']],
  ['TEST000020', ['TEST000021', 'TEST000022']],
]);

/** The person of a code, or undefined if there is no such. */
export function person(code: string): Person | undefined {
  const found = citizen(code);
  if (found !== undefined) {
    const name = `${found.givenName} ${found.familyName}`;
    return { kind: 'citizen', code, name, represents: REPRESENTED.get(code) ?? [] };
  }
  const number = Number(/^OFF(\d{6})$/.exec(code)?.[1] ?? 0);
  if (number < 1 || number > OFFICIALS) return undefined;
  return { kind: 'official', code, name: `Testcase Worker-${number}`, represents: [] };
}

/** Everybody of one kind, in the order of their codes. */
export function everybody(kind: Person['kind']): Person[] {
  const [prefix, count] = kind === 'citizen' ? ['TEST', CITIZENS] : ['OFF', OFFICIALS];
  return Array.from({ length: count }, (_, index) => person(`${prefix}${String(index + 1).padStart(6, '0')}`)).filter(
    (found) => found !== undefined,
  );
}
