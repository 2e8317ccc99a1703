import { actDoc, ownWords, wordsHash } from '#corrections';
import { fromBase64Url, ok, refuse, type Result, type SubsystemId } from '#kernel';
import { parseStatement, verifyStatement } from '#signing';
import type { RegistryView } from '#snapshot';
import type { SealedWords } from './sealed-words.js';

/**
 * Why words are not shown: their statement is not one of an owner's in this case of this portal, by a key of that owner;
 * what was said in it is not what its digest says; or the words are not those that it names.
 */
export type UnprovenWords = 'statement-unsound' | 'act-unsound' | 'words-unsound';

/** What the owner has signed: that it has decided or asked. */
export interface WordedStatement {
  readonly what: string;
  readonly owner: SubsystemId;
  readonly atMs: number;
}

/** As they were in their box. */
export interface OpenedWords {
  readonly correctionId: string;
  /** base64url. */
  readonly salt: string;
  readonly text: string;
}

export interface WordsOf {
  readonly correctionId: string;
  readonly portal: SubsystemId;
}

const TYPES: ReadonlySet<string> = new Set(['correction.decided', 'correction.info-requested']);

/** The statement that has words bound, if it says that this owner has decided or asked in this case; whoever brings it. */
export function wordedStatement(
  { statement, act, seq }: Pick<SealedWords, 'statement' | 'act' | 'seq'>,
  { correctionId, portal }: WordsOf,
  view: RegistryView,
): Result<WordedStatement, UnprovenWords> {
  const parsed = parseStatement(statement);
  if (!parsed.ok) return refuse('statement-unsound');
  const { payload, kid } = parsed.value;
  const isOfCase =
    TYPES.has(payload.t) && payload.id === correctionId && payload.from === portal && payload.seq === seq;
  const owner = payload.to as SubsystemId;
  const key = view.keysOf(owner).find((one) => one.kid === kid && one.use === 'sign');
  const isTimely = key !== undefined && key.fromMs <= payload.ts && payload.ts < key.untilMs;
  if (!isOfCase || !isTimely || !verifyStatement(parsed.value, key.jwk)) return refuse('statement-unsound');
  if (actDoc(act) !== payload.doc) return refuse('act-unsound');
  return ok({ what: payload.t.replace('correction.', ''), owner, atMs: payload.ts });
}

/** The text, if it is that of the act and can be shown as it is. */
export function provenText(
  { act }: Pick<SealedWords, 'act'>,
  { correctionId, salt, text }: OpenedWords,
  of: WordsOf,
): Result<string, UnprovenWords> {
  const saltBytes = fromBase64Url(salt);
  const isText = correctionId === of.correctionId && ownWords.safeParse(text).success;
  if (!isText || saltBytes === undefined || !('words' in act)) return refuse('words-unsound');
  return act.words === wordsHash(saltBytes, text) ? ok(text) : refuse('words-unsound');
}
