import type { CaseEvent } from '#corrections';
import { spelled, type TypedSubject } from '#signing';
import type { Caller } from '../caller/caller-auth.service.js';
import { ownSubjects } from '../caller/own-subjects.js';
import type { PersonKeys } from '../key-store/person-keys.store.js';
import { tagsOf } from '../key-store/person-tags.js';
import { epochTagKey } from '../key-store/tag.js';
import { standingOfCase, type CaseStanding } from './case-standing.js';
import type { CaseStore } from './case.store.js';
import type { Cases, GivenStep, StepOutcome } from './cases.service.js';
import { correctionErrors } from './corrections.errors.js';
import type { KeptCase } from './kept-case.js';
import { openSubject } from './kept-subject.js';

/** What a person does in a case through their portal. */
export type PersonAct =
  | { readonly act: 'withdraw' }
  /** `doc`: salted digest of what was answered, which is sealed for the owner. */
  | { readonly act: 'provide-info'; readonly doc: string }
  | { readonly act: 'appeal'; readonly doc?: string | undefined };

export interface PersonCasesParts {
  readonly store: CaseStore;
  readonly cases: Cases;
  readonly keys: Pick<PersonKeys, 'find' | 'epochs'>;
}

/** Cases as the person sees them, through the portal that filed; nobody else's, and by no other portal. */
export class PersonCases {
  constructor(private readonly parts: PersonCasesParts) {}

  /** Of the caller and those whom they represent, the newest first. */
  async list(caller: Caller, subject: string | undefined): Promise<CaseStanding[]> {
    const { store, keys } = this.parts;
    const epochs = await keys.epochs();
    const tags = ownSubjects(caller, subject).flatMap((one) => tagsOf(one, epochs));
    const found = await store.ofPerson(tags, { isOpen: false });
    return found.filter(({ record }) => record.portal === caller.portal).map(standingOfCase);
  }

  /** How many cases of this person have not ended, through whichever portal they were filed. */
  async open(subject: TypedSubject): Promise<number> {
    const { store, keys } = this.parts;
    return store.countOpen(tagsOf(subject, await keys.epochs()));
  }

  /** Of a person who may act now: their own, or of whom they represent. */
  async one(caller: Caller, id: string): Promise<KeptCase> {
    const kept = await this.parts.cases.find(id);
    if (!(await this.isOwn(caller, kept))) throw correctionErrors.error('case-unknown');
    return kept;
  }

  /** Whether it is about the caller or whom they represent, and was filed by their portal. */
  async isOwn(caller: Caller, { id, person, record, subjectEnc }: KeptCase): Promise<boolean> {
    const key = (await this.parts.keys.find([person])).get(epochTagKey(person));
    const subject = key === undefined ? undefined : openSubject(key, id, subjectEnc);
    const isAbout =
      subject !== undefined && ownSubjects(caller, undefined).some((own) => spelled(own) === spelled(subject));
    return isAbout && record.portal === caller.portal;
  }

  async act(caller: Caller, id: string, act: PersonAct, given?: GivenStep): Promise<StepOutcome> {
    await this.one(caller, id);
    return this.parts.cases.step(id, () => eventOf(caller, act), given);
  }
}

function eventOf({ portal }: Caller, act: PersonAct): CaseEvent {
  const by = { role: 'portal', subsystem: portal, mayAct: true } as const;
  switch (act.act) {
    case 'withdraw':
      return { type: 'withdraw', by };
    case 'provide-info':
      return { type: 'provide-info', by, isSignatureValid: true, doc: act.doc };
    case 'appeal':
      return { type: 'reopen', by, reason: 'appeal', ...(act.doc === undefined ? {} : { doc: act.doc }) };
  }
}
