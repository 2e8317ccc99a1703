import { toBase64Url, type Clock } from '#kernel';
import type { Access } from '../access-history/access-history.service.js';
import type { Language } from '../access-history/titles.js';
import type { PersonKeys } from '../key-store/person-keys.store.js';
import { epochTagKey } from '../key-store/tag.js';
import { answerTitle } from './answer-titles.js';
import { openKeptAnswer } from './kept-answer.js';
import { standingOf, type Question } from './question.js';
import type { AccessName, QuestionStore } from './question.store.js';
import type { RowQuestion } from './shown-question.js';
import type { OwnStatements } from '../statements/own-statements.service.js';

export interface RowQuestionsParts {
  readonly store: Pick<QuestionStore, 'ofAccesses'>;
  readonly keys: Pick<PersonKeys, 'find'>;
  readonly statements: Pick<OwnStatements, 'places'>;
  readonly clock: Clock;
}

/** What was asked about the accesses of a page, in a fixed number of queries, however many rows it has. */
export class RowQuestions {
  constructor(private readonly parts: RowQuestionsParts) {}

  /** In the order of the accesses; undefined where nothing was asked. */
  async of(accesses: readonly Access[], language: Language): Promise<(RowQuestion | undefined)[]> {
    const { store, keys, statements, clock } = this.parts;
    const names = accesses.map(nameOf);
    const questions = await store.ofAccesses(names);
    if (questions.length === 0) return names.map(() => undefined);
    const [dataKeys, places] = await Promise.all([
      keys.find(questions.filter(({ answer }) => answer !== undefined)),
      statements.places(questions.flatMap(({ asked, answer }) => [asked, ...(answer ? [answer.leafHash] : [])])),
    ]);
    const nowMs = clock.now();
    const placeOf = (leafHash: Buffer | undefined) => leafHash && places.get(leafHash.toString('hex'));
    const rows = questions.map((question): [string, RowQuestion] => [
      keyOf(question),
      {
        standing: standingOf(question, nowMs),
        answer: answerOf(question, dataKeys.get(epochTagKey(question)), language),
        asked: placeOf(question.asked),
        answered: placeOf(question.answer?.leafHash),
      },
    ]);
    const byAccess = new Map(rows);
    return names.map((name) => byAccess.get(keyOf(name)));
  }
}

/** Undefined without an answer, and where the person's key was destroyed. */
function answerOf({ id, answer }: Question, key: Buffer | undefined, language: Language): RowQuestion['answer'] {
  const kept = key === undefined || answer?.enc === undefined ? undefined : openKeptAnswer(key, id, answer.enc);
  if (kept === undefined) return undefined;
  const { code, text } = kept.answer;
  const title = answerTitle(code, language);
  return {
    code,
    ...(title === undefined ? {} : { title }),
    ...(text === undefined ? {} : { text }),
    salt: toBase64Url(kept.salt),
  };
}

function nameOf({ tagged, request }: Access): AccessName {
  return { epoch: tagged.epoch, tag: tagged.tag, exchange: request.hash };
}

function keyOf({ epoch, tag, exchange }: AccessName): string {
  return `${epochTagKey({ epoch, tag })} ${exchange.toString('latin1')}`;
}
