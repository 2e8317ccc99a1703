import type { Clock, SubsystemId } from '#kernel';
import { isOver } from './case-over.js';
import type { CaseStore, UnverifiedCase } from './case.store.js';
import type { Cases, GivenStep, StepOutcome } from './cases.service.js';
import { correctionErrors } from './corrections.errors.js';

/** What a portal's gateway has to ask for again, and by which digests it knows the new values. */
export interface AskedVerification {
  readonly correctionId: string;
  /** Of the correction: each is looked at once. */
  readonly seq: number;
  readonly service: string;
  readonly endpoint: string;
  readonly values: readonly { readonly item: number; readonly pointer: string; readonly newValueHash: string }[];
}

export interface Verified {
  readonly isMatch: boolean;
  /** Salted digest of what was seen. */
  readonly doc: string;
}

export interface VerificationsParts {
  readonly store: CaseStore;
  readonly cases: Cases;
  readonly clock: Clock;
}

const PAGE = 100;

/**
 * The gateway of the portal that filed looks whether the service answers with the new values (`corrections.md` §6): neither
 * the operator nor the owner judges itself. No match reopens the case, by the state machine.
 */
export class Verifications {
  constructor(private readonly parts: VerificationsParts) {}

  async page(
    portal: SubsystemId,
    after: string | undefined,
  ): Promise<{ verifications: AskedVerification[]; next?: string }> {
    const found = await this.parts.store.unverified(portal, after, PAGE + 1, this.parts.clock.now());
    const verifications = found.slice(0, PAGE).map(askedOf);
    const next = found.length > PAGE ? verifications.at(-1)?.correctionId : undefined;
    return { verifications, ...(next === undefined ? {} : { next }) };
  }

  /** Those of a portal's cases in which nothing can be corrected any more; of others than its own nothing is said. */
  async over(portal: string, ids: readonly string[]): Promise<string[]> {
    const nowMs = this.parts.clock.now();
    const found = await this.parts.store.ofPortal(portal, ids);
    return found.filter((kept) => isOver(kept, nowMs)).map(({ id }) => id);
  }

  async verify(
    portal: SubsystemId,
    id: string,
    { isMatch, doc }: Verified,
    given: GivenStep | undefined,
  ): Promise<StepOutcome> {
    const { cases } = this.parts;
    if ((await cases.find(id)).record.portal !== portal) throw correctionErrors.error('case-unknown');
    // The person has not acted; the gateway asks by itself.
    const by = { role: 'portal', subsystem: portal, mayAct: false } as const;
    return cases.step(id, () => ({ type: 'verify', by, isMatch, doc }), given);
  }
}

function askedOf({ id, record, details, correctedSeq }: UnverifiedCase): AskedVerification {
  const values = (record.correction?.values ?? []).flatMap(({ item, newValueHash }) => {
    const pointer = record.items[item]?.jsonPointer;
    return pointer === undefined ? [] : [{ item, pointer, newValueHash }];
  });
  return { correctionId: id, seq: correctedSeq, service: record.service, endpoint: details.endpoint, values };
}
