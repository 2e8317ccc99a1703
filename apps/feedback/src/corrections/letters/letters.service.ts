import { chooseLanguage, Titles, type Language } from '../../access-history/titles.js';
import type { Caller } from '../../caller/caller-auth.service.js';
import { standingOfCase, type CaseStanding } from '../case-standing.js';
import type { CaseStore } from '../case.store.js';
import type { Cases } from '../cases.service.js';
import { wordedSteps } from '../own-words/worded.js';
import type { PersonCases } from '../person-cases.service.js';
import { letterOf, stateTitle, whatNext, type Letter } from './letter.js';

export interface LettersParts {
  readonly store: Pick<CaseStore, 'steps'>;
  readonly cases: Pick<Cases, 'view' | 'termsOf'>;
  readonly persons: Pick<PersonCases, 'one'>;
}

/** A standing, said in the person's language. */
export interface ToldStanding extends CaseStanding {
  readonly title: string;
  readonly whatNext: string;
}

/** What persons are told of their cases in their own language. It says what the log shows, and is signed by nobody anew. */
export class Letters {
  constructor(private readonly parts: LettersParts) {}

  async letter(caller: Caller, id: string, wanted: Language | undefined): Promise<Letter> {
    const { store, cases, persons } = this.parts;
    const kept = await persons.one(caller, id);
    const language = wanted ?? spoken(kept.details.language);
    const titles = new Titles(cases.view(), language);
    const { record, filedMs } = kept;
    const steps = await store.steps(id);
    const owner = titles.subsystem(record.owner);
    const service = titles.service(record.service);
    return letterOf(
      {
        ...{ record, filedMs, steps, isMoving: kept.pending !== undefined, atMs: steps.at(-1)?.atMs ?? filedMs },
        ...{ ownerName: owner.name ?? owner.id, serviceTitle: service.title ?? service.id },
        timeZone: this.zoneOf(record.profile),
        worded: wordedSteps(kept.details),
      },
      language,
    );
  }

  async told(caller: Caller, id: string, wanted: Language | undefined): Promise<ToldStanding> {
    const kept = await this.parts.persons.one(caller, id);
    const language = wanted ?? spoken(kept.details.language);
    const { record } = kept;
    return {
      ...standingOfCase(kept),
      title: stateTitle(record, language),
      whatNext: whatNext(record, language, this.zoneOf(record.profile)),
    };
  }

  private zoneOf(profile: string): string {
    return this.parts.cases.termsOf(profile).profile.calendar.timeZone;
  }
}

/** In which the person reads; what was filed in a language that is not spoken here is told in English. */
function spoken(language: string): Language {
  return chooseLanguage(language, undefined);
}
