import type { Logger } from '#platform';
import { spelled, type TypedSubject } from '#signing';
import type { RegistryView } from '#snapshot';
import type { Caller } from '../caller/caller-auth.service.js';
import { ownSubjects } from '../caller/own-subjects.js';
import type { RowQuestions } from '../questions/row-questions.service.js';
import { questionPlaces, type RowQuestion } from '../questions/shown-question.js';
import { openCursor, sealCursor, type CursorPurpose } from './access-cursor.js';
import { accessHistoryErrors } from './access-history.errors.js';
import type { Access, AccessHistory } from './access-history.service.js';
import type { AccessFilter } from './access-history.store.js';
import { accessRow, placesOf, type AccessRow, type Proven } from './access-row.js';
import type { LeafPlace } from './outcome.js';
import { placeKey, type ProvenLeaves } from './proven-leaves.service.js';
import { Titles, type Language } from './titles.js';

export interface AccessesQuestion {
  /** `COUNTRY/TYPE/CODE`; without it the end user and all whom they represent. */
  readonly subject?: string | undefined;
  readonly filter: AccessFilter;
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly withProofs: boolean;
  readonly language: Language;
}

export interface AccessesPage {
  readonly accesses: readonly AccessRow[];
  readonly next?: string;
}

export interface AccessesParts {
  readonly history: Pick<AccessHistory, 'page'>;
  readonly proofs: Pick<ProvenLeaves, 'find'>;
  readonly questions: Pick<RowQuestions, 'of'>;
  readonly registry: { current(): RegistryView | undefined };
  readonly cursorKey: Uint8Array;
  readonly logger: Logger;
}

/**
 * A person's accesses, and those of whom they represent: of nobody else, whatever the question says. Without the log's
 * proofs they are shown all the same; a reader marks what it cannot prove.
 */
export class Accesses {
  constructor(private readonly parts: AccessesParts) {}

  async page(caller: Caller, question: AccessesQuestion): Promise<AccessesPage> {
    const { filter, limit, cursor, withProofs, language } = question;
    const { fromMs = 0, untilMs = Infinity } = filter;
    // Also where one of them is no instant of the calendar.
    if (!(fromMs < untilMs)) throw accessHistoryErrors.error('period-invalid');
    const subjects = ownSubjects(caller, question.subject);
    const purpose = purposeOf(caller, subjects, filter);
    const before = cursor === undefined ? undefined : openCursor(cursor, purpose, this.parts.cursorKey);
    if (cursor !== undefined && before === undefined) throw accessHistoryErrors.error('cursor-foreign');
    const { accesses, next } = await this.parts.history.page({ subjects, filter, before, limit });
    const titles = new Titles(this.parts.registry.current(), language);
    const questions = await this.parts.questions.of(accesses, language);
    const proven = withProofs ? await this.proofsOf(accesses, questions) : undefined;
    return {
      accesses: accesses.map((access, at) => accessRow(access, titles, proven, questions[at])),
      ...(next === undefined ? {} : { next: sealCursor(next, purpose, this.parts.cursorKey) }),
    };
  }

  /** Undefined while audit does not answer. */
  private async proofsOf(accesses: readonly Access[], questions: readonly (RowQuestion | undefined)[]) {
    const places = [...accesses.flatMap(placesOf), ...questions.flatMap(questionPlaces)];
    try {
      const found = await this.parts.proofs.find(places);
      return (place: LeafPlace): Proven | undefined => found.get(placeKey(place));
    } catch (cause) {
      this.parts.logger.warn({ err: cause }, 'accesses shown without proofs');
      return undefined;
    }
  }
}

function purposeOf({ portal }: Caller, subjects: readonly TypedSubject[], filter: AccessFilter): CursorPurpose {
  const { fromMs, untilMs, consumer, service, purpose, role } = filter;
  const asked = [fromMs, untilMs, consumer, service, purpose, role].map((value) => String(value ?? ''));
  return [portal, ...asked, ...subjects.map(spelled)];
}
