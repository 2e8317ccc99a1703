import {
  draftCase,
  massSubject,
  routeItems,
  spellPublicNumber,
  type CaseEvent,
  type CaseItem,
  type CaseKind,
  type CaseRecord,
  type ContentOutline,
  type FilingFacts,
} from '#corrections';
import { fromBase64Url, type ExchangeId, type ServiceId, type SubsystemId } from '#kernel';
import type { Queries } from '#postgres';
import { commit, spelled, type Statement, type TypedSubject } from '#signing';
import { elementsOf, type RegistryView } from '#snapshot';
import type { Caller } from '../caller/caller-auth.service.js';
import { ownSubjects } from '../caller/own-subjects.js';
import { ERASURE_LOCK } from '../ingest-lock.js';
import type { DataKey, PersonKeys } from '../key-store/person-keys.store.js';
import { tagAt, tagsOf } from '../key-store/person-tags.js';
import { epochTagKey } from '../key-store/tag.js';
import { casePayload, isSamePayload } from './case-payload.js';
import { standingOfCase } from './case-standing.js';
import type { CaseStore } from './case.store.js';
import {
  isSealedFor,
  pendingOf,
  readSigned,
  type CasePayload,
  type Cases,
  type CasesParts,
  type GivenStep,
  type StepOutcome,
} from './cases.service.js';
import { correctionErrors, refusedCase } from './corrections.errors.js';
import type { CaseDetails, KeptCase } from './kept-case.js';
import { keepSubject } from './kept-subject.js';
import { nextStep, type NextStep } from './next-step.js';
import type { PersonCases } from './person-cases.service.js';
import type { SeenExchanges } from './seen-exchange.store.js';

/** A request as the portal's gateway files it: everything but what is wrong, which is sealed for its owner. */
export interface Filing {
  /** UUIDv7, made by the gateway: the case's id. */
  readonly correctionId: string;
  readonly kind: CaseKind;
  readonly profile?: string | undefined;
  /** `COUNTRY/TYPE/CODE`. */
  readonly subject: string;
  /** What opens the commitment of the first leaf: base64url, 32 bytes. */
  readonly r: string;
  readonly service: ServiceId;
  readonly endpoint: string;
  readonly language: string;
  readonly outline: ContentOutline;
  /** Under which the owner is brought the sealed request; absent for a whole that is to be split. */
  readonly contentId: string;
  /** Of a whole: its parts, which are filed by themselves. */
  readonly parts?: CaseDetails['parts'] | undefined;
  /** Of a part. */
  readonly parentId?: string | undefined;
}

/** What an owner says is wrong with a batch of its own data; no person and no exchange has anything to do with it. */
export type MassFiling = Omit<Filing, 'subject' | 'language' | 'parts' | 'parentId'>;

/** Who files, and what it takes for them to file this. */
interface Filer {
  readonly signer: SubsystemId;
  readonly isOwn: (kept: KeptCase) => boolean | Promise<boolean>;
  readonly drafted: () => Promise<Draft>;
}

const MOST_LINKED = 5;
/** First half of the keys of the locks that let one person file once at a time; the number means nothing. */
const FILING_LOCKS = 0x6b66636f;
/** The same for an owner that opens mass corrections. */
const MASS_LOCKS = 0x6b66636d;

export interface FilingParts extends Pick<CasesParts, 'store' | 'statements' | 'clock' | 'moved'> {
  readonly store: CaseStore;
  readonly cases: Cases;
  readonly keys: PersonKeys;
  readonly exchanges: SeenExchanges;
  readonly persons: Pick<PersonCases, 'isOwn'>;
  readonly defaultProfile: string;
  /** Whether who approves a decision must be another person than who prepared it. */
  readonly needsTwoPersons: boolean;
  /** Open cases of one person at most, and of one person and element. */
  readonly mostOpen: number;
  readonly mostDisputes: number;
}

interface Draft {
  readonly filing: Filing;
  readonly subject: TypedSubject;
  readonly commitment: string;
  readonly record: CaseRecord;
  readonly event: CaseEvent;
  readonly isMass?: true;
}

/**
 * Takes in what persons say is wrong (`corrections.md` §6, 1). What it promises of the person: the exchange was about
 * them, the items stand in its answer, and nobody has them file the same twice. Values never come here.
 */
export class Filings {
  constructor(private readonly parts: FilingParts) {}

  file(caller: Caller, filing: Filing, given: GivenStep | undefined): Promise<StepOutcome> {
    const isOwn = (kept: KeptCase) => this.parts.persons.isOwn(caller, kept);
    return this.taken(filing, given, { signer: caller.portal, isOwn, drafted: () => this.drafted(caller, filing) });
  }

  /** The owner's own, for a register that is wrong in many places: one decision, which the cases of persons join. */
  openMass(owner: SubsystemId, mass: MassFiling, given: GivenStep | undefined): Promise<StepOutcome> {
    // Nobody is written a letter about it; whoever reads it is the owner.
    const filing: Filing = { ...mass, subject: spelled(massSubject(owner, mass.correctionId)), language: 'en' };
    const isOwn = ({ record, details }: KeptCase) => record.portal === owner && details.isMass === true;
    return this.taken(filing, given, { signer: owner, isOwn, drafted: () => this.massDrafted(owner, filing) });
  }

  private async taken(filing: Filing, given: GivenStep | undefined, filer: Filer): Promise<StepOutcome> {
    const { cases, store, clock } = this.parts;
    const statement = given && readSigned(given.statement);
    const known = await store.find(filing.correctionId);
    if (known !== undefined) return { standing: standingOfCase(await this.filedBefore(filer, known, statement)) };
    const draft = await filer.drafted();
    if (statement === undefined) {
      const atMs = clock.now();
      return { payload: this.payloadOf(draft, this.judged(draft, atMs), atMs) };
    }
    const atMs = cases.signedAt(statement);
    const step = this.judged(draft, atMs);
    if (!isSamePayload(this.payloadOf(draft, step, atMs), statement.payload))
      throw correctionErrors.error('step-unsound', { extensions: { problem: 'payload' } });
    cases.checkSigner(statement, filer.signer);
    this.checkContent(draft, given?.content);
    await this.add(draft, step, statement, given?.content);
    return { standing: standingOfCase(await cases.find(filing.correctionId)) };
  }

  /** The same filing again, by who filed it, changes nothing. A statement is a leaf: whoever reads has it. */
  private async filedBefore(filer: Filer, kept: KeptCase, statement: Statement | undefined): Promise<KeptCase> {
    const [first] = await this.parts.store.steps(kept.id);
    const leaf = first?.leafHash ?? kept.pending?.leaf;
    const isSame = statement !== undefined && leaf?.equals(statement.leafHash) === true;
    if (!isSame || !(await filer.isOwn(kept))) throw correctionErrors.error('case-exists');
    return kept;
  }

  private async drafted(caller: Caller, filing: Filing): Promise<Draft> {
    const { cases, keys, store, exchanges, defaultProfile, needsTwoPersons } = this.parts;
    const [subject] = ownSubjects(caller, filing.subject) as [TypedSubject];
    const { service, endpoint, outline, kind } = filing;
    const view = cases.view();
    const items = outline.items.map(itemOf);
    const owners = routeItems({ kind, service, items }, view);
    const owner = this.checkParties(
      filing,
      owners.map((part) => part.owner),
    );
    const profile = filing.profile ?? defaultProfile;
    cases.termsOf(profile);
    const tags = tagsOf(subject, await keys.epochs());
    const open = await store.ofPerson(tags, { isOpen: true });
    checkFamily(open, caller, filing, owner);
    const others = open.filter((one) => !isOfOneFamily(one, filing));
    if (others.length >= this.parts.mostOpen) throw correctionErrors.error('cases-too-many');
    const duplicateOf = duplicateIn(others, filing, items);
    if (duplicateOf !== undefined) await this.link(duplicateOf, filing);
    const facts: FilingFacts = {
      isExchangeOfSubject: await exchanges.isAbout(tags, { exchangeId: outline.exchangeId, service, endpoint }),
      unknownElements: unknownIn(items, view, filing),
      // Its statement is judged by itself: the payload holds the digest of what was sent.
      isSignatureValid: true,
      ...(duplicateOf === undefined ? {} : { duplicateOf: duplicateOf.id }),
      isAtDisputeLimit: items.some(({ elementId }) => this.disputesOf(others, elementId) >= this.parts.mostDisputes),
    };
    const record = draftCase({
      ...{ correctionId: filing.correctionId, publicNumber: '', kind, profile, needsTwoPersons },
      ...{ portal: caller.portal, owner, service, items, exchangeId: outline.exchangeId as ExchangeId },
    });
    const by = { role: 'portal', subsystem: caller.portal, mayAct: true } as const;
    const r = fromBase64Url(filing.r) ?? Buffer.alloc(0);
    const { commitment } = commit('subject', subject, r);
    return { filing, subject, commitment, record, event: { type: 'submit', by, facts, doc: outline.digest } };
  }

  /** Of data that are all its own; it stands for no exchange, and says its own id instead. */
  private async massDrafted(owner: SubsystemId, filing: Filing): Promise<Draft> {
    const { cases, defaultProfile, needsTwoPersons } = this.parts;
    const { correctionId, kind, service, outline, profile = defaultProfile } = filing;
    if (outline.exchangeId !== correctionId)
      throw correctionErrors.error('case-outline', { extensions: { problem: 'exchangeId' } });
    const view = cases.view();
    const items = outline.items.map(itemOf);
    const owners = routeItems({ kind, service, items }, view).map((part) => part.owner);
    if (owners.length !== 1 || owners[0] !== owner)
      throw correctionErrors.error('case-parties', { extensions: { owners } });
    cases.termsOf(profile);
    await this.checkMassLimit(owner);
    const facts: FilingFacts = {
      ...{ isExchangeOfSubject: true, isSignatureValid: true, isAtDisputeLimit: false },
      unknownElements: unknownIn(items, view, filing),
    };
    const record = draftCase({
      ...{ correctionId, publicNumber: '', kind, profile, needsTwoPersons },
      ...{ portal: owner, owner, service, items, exchangeId: outline.exchangeId as ExchangeId },
    });
    const subject = massSubject(owner, correctionId);
    const { commitment } = commit('subject', subject, fromBase64Url(filing.r) ?? Buffer.alloc(0));
    const by = { role: 'owner', subsystem: owner } as const;
    return {
      ...{ filing, subject, commitment, record, isMass: true },
      event: { type: 'submit', by, facts, doc: outline.digest },
    };
  }

  private async checkMassLimit(owner: SubsystemId, queries?: Queries): Promise<void> {
    const { store, mostOpen } = this.parts;
    if ((await store.countMass(owner, queries)) >= mostOpen) throw correctionErrors.error('cases-too-many');
  }

  /** Whom the registry makes the owner; several have to be named as parts, each with what is its own. */
  private checkParties({ parts, parentId }: Filing, owners: readonly CaseRecord['owner'][]): CaseRecord['owner'] {
    const named = parts?.map((part) => part.owner) ?? [];
    const fits = owners.length === 1 ? parts === undefined : named.length === owners.length;
    const isEach = parts === undefined || owners.every((one) => named.includes(one));
    const [owner] = owners;
    if (owner === undefined || !fits || !isEach || (parts !== undefined && parentId !== undefined))
      throw correctionErrors.error('case-parties', { extensions: { owners } });
    return owner;
  }

  private disputesOf(others: readonly KeptCase[], elementId: string | undefined): number {
    if (elementId === undefined) return 0;
    return others.filter(({ record }) => record.items.some((item) => item.elementId === elementId)).length;
  }

  /**
   * The earlier case says that it was asked again, as often as somebody may well ask again: whoever files in a circle must
   * not hold up its owner. A case that is on its way into the log is not held up for it either.
   */
  private async link(earlier: KeptCase, { correctionId, outline }: Filing): Promise<void> {
    const isQuiet = earlier.pending === undefined && !earlier.isAstray;
    if (!isQuiet || earlier.record.duplicates.length >= MOST_LINKED) return;
    const event = { type: 'link', by: { role: 'feedback' }, duplicateId: correctionId, doc: outline.digest } as const;
    // Somebody else was first: the answer is that of a duplicate all the same.
    await this.parts.cases.act(earlier, event).catch(() => false);
  }

  private judged(draft: Draft, atMs: number): NextStep {
    const terms = this.parts.cases.termsOf(draft.record.profile);
    const step = nextStep({ record: draft.record, deadlines: [] }, draft.event, terms, atMs);
    if (!step.ok) throw refusedCase(step.reason);
    return step.value;
  }

  private payloadOf({ filing, commitment }: Draft, { statement, dueMs }: NextStep, atMs: number): CasePayload {
    return casePayload(statement, { caseId: filing.correctionId, atMs, dueMs, subject: commitment });
  }

  /** Sealed for who is asked, under a key that it has published; a whole has no content of its own. */
  private checkContent({ filing, record }: Draft, content: GivenStep['content']): void {
    if (filing.parts !== undefined) return;
    const isTheirs = isSealedFor(this.parts.cases.view(), record.owner, content);
    if (content?.id !== filing.contentId || !isTheirs)
      throw correctionErrors.error('case-outline', { extensions: { problem: 'sealed' } });
  }

  /** Under the person's lock: whether what stands there now was not there when this filing was judged. */
  private async isFiled(queries: Queries, { filing, subject, record }: Draft): Promise<boolean> {
    const { keys, store, mostOpen } = this.parts;
    const open = await store.ofPerson(tagsOf(subject, await keys.epochs()), { isOpen: true }, queries);
    const others = open.filter((one) => !isOfOneFamily(one, filing));
    return others.length >= mostOpen || duplicateIn(others, filing, record.items) !== undefined;
  }

  private async add(draft: Draft, step: NextStep, statement: Statement, content: GivenStep['content']): Promise<void> {
    const { store, keys, statements, moved } = this.parts;
    const { filing, subject, record } = draft;
    const { ts } = statement.payload;
    const { endpoint, language, outline, parentId, parts } = filing;
    const details: CaseDetails = {
      ...{ endpoint, language, outline },
      ...(draft.isMass === undefined ? {} : { isMass: draft.isMass }),
      ...(parentId === undefined ? {} : { parentId }),
      ...(parts === undefined ? {} : { parts }),
    };
    const person = await tagAt(subject, ts, keys);
    await store.transaction(async (queries: Queries) => {
      await queries.query('SELECT pg_advisory_xact_lock_shared($1)', [ERASURE_LOCK]);
      await queries.query('SELECT pg_advisory_xact_lock($1, $2)', [FILING_LOCKS, person.tag.readInt32BE(0)]);
      // The same filing twice at once: the second is answered as one that comes later.
      if ((await store.lock(queries, filing.correctionId)) !== undefined) throw correctionErrors.error('case-exists');
      if (draft.isMass === true) {
        // Several at once are about nobody in common: only now each sees those before it.
        await queries.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [MASS_LOCKS, record.owner]);
        await this.checkMassLimit(record.owner, queries);
      }
      if (await this.isFiled(queries, draft)) throw correctionErrors.error('case-refused', OVERTAKEN);
      const dataKey = (await keys.ensure([person])).get(epochTagKey(person)) as DataKey;
      const year = new Date(ts).getUTCFullYear();
      const count = await store.count(queries, subject.country.slice(0, 2), year);
      const publicNumber = spellPublicNumber({ country: subject.country.slice(0, 2), year, count });
      const pending = pendingOf({ ...step, record: { ...step.record, publicNumber } }, ts);
      await store.add(queries, {
        ...{ id: filing.correctionId, record: { ...record, publicNumber }, deadlines: [], details, person, pending },
        keyId: dataKey.id,
        subjectEnc: keepSubject(dataKey.key, filing.correctionId, { ...subject, r: filing.r }),
        ...{
          contentId: filing.contentId,
          sealed: parts === undefined ? content?.sealed : undefined,
          portalCopy: parts === undefined ? content?.copy : undefined,
          leaf: statement.leafHash,
          filedMs: ts,
        },
      });
      await statements.keep(queries, statement);
    });
    statements.wake();
    moved(pendingOf(step, ts));
  }
}

/** Another filing of the same person was first, since this one was looked at. */
const OVERTAKEN = {
  extensions: { refusal: 'duplicate', hint: 'File again: a case about the same was filed just now.' },
};

/** A part belongs to a whole of the same person and portal, which names it with its owner. */
function checkFamily(
  open: readonly KeptCase[],
  { portal }: Caller,
  { parentId, correctionId }: Filing,
  owner: CaseRecord['owner'],
): void {
  if (parentId === undefined) return;
  const whole = open.find(({ id, record }) => id === parentId && record.portal === portal);
  const isNamed = whole?.details.parts?.some((part) => part.correctionId === correctionId && part.owner === owner);
  if (isNamed !== true) throw correctionErrors.error('case-parties', { extensions: { owners: [owner] } });
}

/** Elements that do not stand in the answers of that endpoint. */
function unknownIn(
  items: readonly CaseItem[],
  view: RegistryView,
  { service, endpoint }: Pick<Filing, 'service' | 'endpoint'>,
): string[] {
  const places = elementsOf(view, service, endpoint);
  return items.flatMap(({ elementId }) =>
    elementId === undefined || places.some(({ element }) => element === elementId) ? [] : [elementId],
  );
}

function itemOf({ element, pointer, doubted, asOf }: ContentOutline['items'][number]): CaseItem {
  return {
    ...(element === undefined ? {} : { elementId: element }),
    jsonPointer: pointer,
    ...(doubted === undefined ? {} : { doubtedHash: doubted }),
    ...(asOf === undefined ? {} : { asOfMs: Date.parse(asOf) }),
  };
}

/** A whole and its parts are about the same, and no duplicates. */
function isOfOneFamily({ id, details }: KeptCase, { correctionId, parentId, parts }: Filing): boolean {
  if (parentId !== undefined) return id === parentId || details.parentId === parentId;
  return details.parentId === correctionId || (parts ?? []).some((part) => part.correctionId === id);
}

/** The same place of the same answers, whatever is said of it. */
function duplicateIn(
  others: readonly KeptCase[],
  { service, endpoint }: Filing,
  items: readonly CaseItem[],
): KeptCase | undefined {
  const places = new Set(items.map(({ elementId, jsonPointer }) => elementId ?? jsonPointer));
  return others.find(
    ({ record, details }) =>
      record.service === service &&
      details.endpoint === endpoint &&
      record.items.some(({ elementId, jsonPointer }) => places.has(elementId ?? jsonPointer)),
  );
}
