import type { Clock } from '#kernel';
import type { CommitmentKind, SubjectOpening, TypedSubject } from '#signing';
import { epochOf } from '../key-store/epoch.js';
import type { PersonKeys } from '../key-store/person-keys.store.js';
import { tagsOf } from '../key-store/person-tags.js';
import { epochTagKey, type EpochTag } from '../key-store/tag.js';
import type { EndUserRelation } from '../openings/judge-opening.js';
import { openKept } from '../openings/kept-opening.js';
import type { AccessFilter, AccessHistoryStore, FoundAccess } from './access-history.store.js';
import { outcomeOf, type AccessPlace, type LeafPlace, type Outcome } from './outcome.js';

export interface AccessQuery {
  /** Whoever asks has shown that they may see these persons' accesses. */
  readonly subjects: readonly TypedSubject[];
  readonly filter?: AccessFilter;
  /** Accesses behind this one: `next` of the page before. */
  readonly before?: AccessPlace | undefined;
  readonly limit: number;
}

/** One access to one person's data, with the opening of that person alone. */
export interface Access extends Outcome {
  readonly exchangeId: string;
  readonly atMs: number;
  /** Whether it was about the person, or by them. */
  readonly role: CommitmentKind;
  readonly consumer: string;
  readonly provider: string;
  readonly service: string;
  readonly endpoint: string;
  readonly purpose: string;
  readonly legalBasis: string;
  readonly endUser: EndUserRelation;
  /** The person, within the epoch of this access; it never leaves feedback. */
  readonly tagged: EpochTag;
  /** Done in that person's name after they were compromised, as they have said. */
  readonly isAfterCompromise: boolean;
  /** The leaf that holds the commitment. */
  readonly leaf: LeafPlace;
  /** The leaf of the request: the same one, unless only the answer told the subject. */
  readonly request: LeafPlace & { readonly hash: Buffer };
  readonly opening: SubjectOpening & { readonly kind: CommitmentKind; readonly position: number };
}

export interface AccessPage {
  readonly accesses: readonly Access[];
  /** Where the next page begins; undefined: there is none. */
  readonly next: AccessPlace | undefined;
}

/** Of one statement (`statements.md` §1). */
const MAX_COMMITMENTS = 16;

/**
 * Who looked at a person's data. It promises every access whose commitment was opened and whose time of concealment is
 * over, each once, the newest first, and of each row the opening of the asked person alone. Whether the caller may ask is
 * its caller's to know.
 */
export class AccessHistory {
  constructor(
    private readonly store: AccessHistoryStore,
    private readonly keys: PersonKeys,
    private readonly clock: Clock,
    private readonly compromises: { since(person: TypedSubject): Promise<number | undefined> },
  ) {}

  async page({ subjects, filter = {}, before, limit }: AccessQuery): Promise<AccessPage> {
    const wanted = await this.tagsOf(subjects, filter, before);
    // One more than is shown says whether there is a next page.
    const found = await this.store.page(wanted, filter, before, limit + 1, this.clock.now());
    const shown = found.slice(0, limit);
    const dataKeys = await this.keys.find(shown.map(({ key }) => key));
    const accesses = shown.flatMap((access) => opened(access, dataKeys) ?? []);
    return {
      accesses: await this.marked(subjects, accesses),
      next: found.length > limit ? shown.at(-1)?.at : undefined,
    };
  }

  private async marked(subjects: readonly TypedSubject[], accesses: readonly Unmarked[]): Promise<Access[]> {
    const since = await Promise.all(subjects.map((subject) => this.compromises.since(subject)));
    return accesses.map((access) => {
      const at = subjects.findIndex((subject) => isSame(subject, access.opening));
      return { ...access, isAfterCompromise: isInName(access) && access.atMs >= (since[at] ?? Infinity) };
    });
  }

  /** The accesses of these persons of which one leaf tells. */
  async ofLeaf(subjects: readonly TypedSubject[], leaf: LeafPlace): Promise<Access[]> {
    const found = await this.store.placeOf(leaf);
    if (found === undefined) return [];
    const { atMs, logId } = found;
    // The leaf's rows are the first behind this place: a statement has no more commitments than the page has rows.
    const before = { atMs, logId, index: leaf.index, kind: 'user', position: MAX_COMMITMENTS } as const;
    const page = await this.page({ subjects, filter: { fromMs: atMs }, before, limit: MAX_COMMITMENTS });
    return page.accesses.filter((access) => access.leaf.log === leaf.log && access.leaf.index === leaf.index);
  }

  /** The persons' tags in every epoch that the page can reach. */
  private async tagsOf(
    subjects: readonly TypedSubject[],
    { fromMs = 0, untilMs = Infinity }: AccessFilter,
    before: AccessPlace | undefined,
  ): Promise<EpochTag[]> {
    const first = epochOf(fromMs);
    const latest = Math.min(untilMs, before?.atMs ?? Infinity);
    const last = latest === Infinity ? Infinity : epochOf(latest);
    const epochs = (await this.keys.epochs()).filter(({ epoch }) => epoch >= first && epoch <= last);
    return subjects.flatMap((subject) => tagsOf(subject, epochs));
  }
}

type Unmarked = Omit<Access, 'isAfterCompromise'>;

/** Whether the person of the row acted, as far as the bus was told. */
function isInName({ role, endUser }: Unmarked): boolean {
  return role === 'user' || endUser === 'self';
}

function isSame(one: TypedSubject, other: TypedSubject): boolean {
  return one.country === other.country && one.type === other.type && one.code === other.code;
}

/** Undefined where the key was destroyed since the page was read: the person was erased. */
function opened(access: FoundAccess, dataKeys: ReadonlyMap<string, Buffer>): Unmarked | undefined {
  const { at, exchange, sequels, endUser, log, request, openingEnc, key: tagged, ...said } = access;
  const key = dataKeys.get(epochTagKey(tagged));
  const { index, kind, position } = at;
  const opening = key === undefined ? undefined : openKept(key, { exchange, index, kind, position }, openingEnc);
  if (opening === undefined) return undefined;
  return {
    ...said,
    ...outcomeOf(sequels),
    atMs: at.atMs,
    role: kind,
    endUser,
    tagged,
    leaf: { log, index },
    request: { ...request, hash: exchange },
    opening: { ...opening, kind, position },
  };
}
