import { randomBytes } from 'node:crypto';
import { toBase64Url } from '#kernel';
import { hmacSha256 } from './digest.js';

/** COUNTRY / TYPE / CODE, upper case, no spaces (`statements.md` §5). */
export interface TypedSubject {
  readonly country: string;
  readonly type: string;
  readonly code: string;
}

/** The secret that shows of whom a commitment speaks; with the exchange id it is the opening of `statements.md` §5. */
export interface SubjectOpening extends TypedSubject {
  readonly r: Uint8Array;
}

export type CommitmentKind = 'subject' | 'user';

const COUNTRY = /^[A-Z]{2,8}$/;
const TYPE = /^[A-Z0-9][A-Z0-9._-]{0,63}$/;
const CODE = /^[A-Z0-9](?:[A-Z0-9+_.-]{0,62}[A-Z0-9])?$/;
const LABELS: Readonly<Record<CommitmentKind, string>> = { subject: 'kerege/subject/v1', user: 'kerege/user/v1' };

/** A typed subject of three parts, or undefined. Lower case is not repaired: two spellings would be two persons. */
export function typedSubject(country: string, type: string, code: string): TypedSubject | undefined {
  return COUNTRY.test(country) && TYPE.test(type) && CODE.test(code) ? { country, type, code } : undefined;
}

/** Reads `DEMO/PIN/TEST000001`. */
export function parseTypedSubject(text: string): TypedSubject | undefined {
  const [country, type, code, ...rest] = text.split('/');
  if (country === undefined || type === undefined || code === undefined || rest.length > 0) return undefined;
  return typedSubject(country, type, code);
}

/** Its inverse: `COUNTRY/TYPE/CODE`. */
export function spelled({ country, type, code }: TypedSubject): string {
  return `${country}/${type}/${code}`;
}

/** Commits to a subject or an end user with fresh randomness: two commitments to one person look unrelated. */
export function commit(
  kind: CommitmentKind,
  subject: TypedSubject,
  r: Uint8Array = randomBytes(32),
): { commitment: string; opening: SubjectOpening } {
  const { country, type, code } = subject;
  const data = Buffer.from(`${LABELS[kind]}\0${country}\0${type}\0${code}`);
  return { commitment: `c1:${toBase64Url(hmacSha256(r, data))}`, opening: { r, country, type, code } };
}

/** True if this opening reproduces the commitment. Malformed openings open nothing. */
export function opens(kind: CommitmentKind, commitment: string, opening: SubjectOpening): boolean {
  const subject = typedSubject(opening.country, opening.type, opening.code);
  if (subject === undefined || opening.r.length !== 32) return false;
  return commit(kind, subject, opening.r).commitment === commitment;
}
