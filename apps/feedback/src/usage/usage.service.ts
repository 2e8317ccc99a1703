import type { Clock } from '#kernel';
import type { RegistryView } from '#snapshot';
import { type AccessHistory } from '../access-history/access-history.service.js';
import type { AccessFilter } from '../access-history/access-history.store.js';
import { accessRow } from '../access-history/access-row.js';
import { Titles, type Language } from '../access-history/titles.js';
import { callerErrors } from '../caller/caller.errors.js';
import type { Caller } from '../caller/caller-auth.service.js';
import { epochStartMs } from '../key-store/epoch.js';
import type { PersonKeys } from '../key-store/person-keys.store.js';
import { isSpelled, usageOf, type Usage } from './usage.js';
import { usageErrors } from './usage.errors.js';

export interface UsageQuestion {
  /** `X-Road-UserId`: who has signed in. */
  readonly userId: string;
  /** Whose data. */
  readonly userCode: string;
  readonly filter: Pick<AccessFilter, 'fromMs' | 'untilMs'>;
  readonly offset: number;
  readonly limit: number;
  readonly language: Language;
}

export interface FoundUsages {
  readonly totalUsages: number;
  /** The newest first. */
  readonly usages: readonly Usage[];
}

export interface UsagesParts {
  readonly history: Pick<AccessHistory, 'page'>;
  readonly keys: Pick<PersonKeys, 'epochs'>;
  readonly registry: { current(): RegistryView | undefined };
  readonly clock: Clock;
}

const PAGE = 1_000;
/** Of one person in one period; the contract has a total, so all of them are read. */
const MOST = 100_000;

/**
 * The access history for portals that speak the Estonian `findUsage` contract 2.1.0, over the bus: the same rows, for the
 * same persons, without proofs, which the contract has no place for.
 */
export class Usages {
  constructor(private readonly parts: UsagesParts) {}

  async find({ person }: Caller, question: UsageQuestion): Promise<FoundUsages> {
    if (!isSpelled(question.userId, person.user)) throw usageErrors.error('user-foreign');
    const subject = [person.user, ...person.represents].find((own) => isSpelled(question.userCode, own));
    if (subject === undefined) throw callerErrors.error('subject-not-yours');
    const titles = new Titles(this.parts.registry.current(), question.language);
    const usages: Usage[] = [];
    let totalUsages = 0;
    const filter = { ...question.filter, role: 'subject' } as const;
    let page: Awaited<ReturnType<AccessHistory['page']>> | undefined;
    do {
      page = await this.parts.history.page({ subjects: [subject], filter, before: page?.next, limit: PAGE });
      const first = Math.max(0, question.offset - totalUsages);
      const wanted = page.accesses.slice(first, first + question.limit - usages.length);
      usages.push(...wanted.map((access) => usageOf(accessRow(access, titles))));
      totalUsages += page.accesses.length;
      if (totalUsages > MOST) throw usageErrors.error('usage-too-much');
    } while (page.next !== undefined);
    return { totalUsages, usages };
  }

  /** Since when anything is kept: the beginning of the oldest quarter with a key, or now. */
  async period(): Promise<{ readonly periodStart: string }> {
    const oldest = (await this.parts.keys.epochs()).at(-1);
    const fromMs = oldest === undefined ? this.parts.clock.now() : epochStartMs(oldest.epoch);
    return { periodStart: new Date(fromMs).toISOString() };
  }
}
