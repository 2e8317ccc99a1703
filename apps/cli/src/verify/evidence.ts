import { ok, refuse, type Result } from '#kernel';
import { constant, count, list, nullable, object, pair, parseJson, text, type Reader } from './shape.js';
import { at, type Refusal } from './report.js';

/** Evidence v1 (`statements.md` §6): one JSON document, fixed order of keys, no insignificant white space. */

const HASH = /^[A-Za-z0-9_-]{43}$/u;
const SHA512 = /^[A-Za-z0-9_-]{86}$/u;
const headers = list(pair(text(), text()));

const statement = object({ jws: text(), proof: text(), governing: count() });
const manifest = object({ index: count(), jws: text(), proof: text(), digests: text() });
const member = object({ id: text(), document: text(), keyChain: list(text(), 1) });
const opening = object({
  kind: constant('subject', 'user'),
  statement: count(),
  index: count(),
  r: text(HASH),
  country: text(),
  type: text(),
  code: text(),
});
const request = object({ method: text(), target: text(), headers, bodySha512: nullable(text(SHA512)) });
const answer = object({ status: count(), headers, bodySha512: text(SHA512) });
const evidence = object({
  v: constant(1),
  statements: list(statement, 1, 4),
  manifests: list(manifest, 1, 4),
  members: list(member, 1, 16),
  salt: text(HASH),
  openings: list(opening, 0, 64),
  request,
  answer: nullable(answer),
});

type Of<R> = R extends Reader<infer Value> ? Value : never;
export type Evidence = Of<typeof evidence>;
export type EvidenceMember = Of<typeof member>;
export type RequestHead = Of<typeof request>;
export type AnswerHead = Of<typeof answer>;
export type Opening = Of<typeof opening>;

/**
 * Reads a document and writes it again: what does not come out byte for byte was not written by these rules, and could
 * carry a second reading.
 */
export function parseEvidence(bytes: Uint8Array): Result<Evidence, Refusal> {
  const parsed = parseJson(bytes);
  if (parsed === undefined) return refuse(at('evidence-malformed'));
  const value = evidence(parsed.value);
  if (value === undefined) return refuse(at('evidence-malformed'));
  return JSON.stringify(value) === parsed.text ? ok(value) : refuse(at('evidence-not-canonical'));
}
