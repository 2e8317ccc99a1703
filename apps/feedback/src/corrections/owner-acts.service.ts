import { actDoc, extended, type CaseEvent, type MassAnswer, type OwnerAct } from '#corrections';
import { subsystemOf, type Clock, type SubsystemId } from '#kernel';
import { ownerOfDatum } from '#snapshot';
import { standingOfCase, type CaseStanding } from './case-standing.js';
import type { CasePage, CaseStore } from './case.store.js';
import { isSealedFor, type Cases, type GivenStep, type StepOutcome } from './cases.service.js';
import { correctionErrors } from './corrections.errors.js';
import type { KeptCase } from './kept-case.js';
import { isWorded } from './own-words/worded.js';

export interface OwnerActsParts {
  readonly store: CaseStore;
  readonly cases: Cases;
  readonly clock: Clock;
}

/** A case as its owner fetches it: with the request, which only the owner's key opens, while there is one to decide. */
export interface OwnedCase extends CaseStanding {
  /** Under which the request was delivered; it is bound to it. */
  readonly contentId: string;
  /** base64url. */
  readonly sealed?: string;
}

/** Text of the most characters in the widest script, and its box. */
const MOST_SEALED_WORDS = 16 * 1024;

/** What owners see of their cases and do in them; of another's they learn not even that there is one. */
export class OwnerActs {
  constructor(private readonly parts: OwnerActsParts) {}

  async page(owner: SubsystemId, { limit, ...page }: CasePage): Promise<{ cases: CaseStanding[]; next?: string }> {
    const found = await this.parts.store.page(this.standingFor(owner), { ...page, limit: limit + 1 });
    const cases = found.slice(0, limit).map(standingOfCase);
    const next = found.length > limit ? cases.at(-1)?.id : undefined;
    return { cases, ...(next === undefined ? {} : { next }) };
  }

  async one(owner: SubsystemId, id: string): Promise<OwnedCase> {
    const kept = await this.owned(owner, id);
    const { contentId, sealed } = kept;
    // Of the next owner it is not until the case is routed to them, nor of a successor until it is sealed for them.
    const isTheirs = kept.record.state !== 'TRANSFERRED' && kept.record.owner === owner;
    return {
      ...standingOfCase(kept),
      contentId,
      ...(sealed === undefined || !isTheirs ? {} : { sealed: sealed.toString('base64url') }),
    };
  }

  async act(owner: SubsystemId, id: string, act: OwnerAct, given?: Omit<GivenStep, 'act'>): Promise<StepOutcome> {
    const standing = await this.owned(owner, id);
    const mass = act.act === 'join' ? await this.massOf(act.massId) : undefined;
    const eventOf = (kept: KeptCase) => this.eventOf(owner, kept, act, mass);
    if (given !== undefined && !this.isContentOf(act, standing, given.content))
      throw correctionErrors.error('case-outline', { extensions: { problem: 'sealed' } });
    return this.parts.cases.step(id, eventOf, given && { ...given, act });
  }

  /** What was decided about one person answers nobody else's case. */
  private async massOf(massId: string): Promise<MassAnswer | undefined> {
    const found = await this.parts.store.find(massId);
    if (found?.details.isMass !== true) return undefined;
    const { correctionId, owner, service, items, decision } = found.record;
    const elements = items.flatMap(({ elementId }) => elementId ?? []);
    return { correctionId, owner, service, elements, outcome: decision?.outcome };
  }

  /** A transfer brings the request sealed anew; own words come with their digest, for a published key of the portal. */
  private isContentOf(act: OwnerAct, { record }: KeptCase, content: GivenStep['content']): boolean {
    if (act.act === 'transfer') return content !== undefined;
    if (!isWorded(act)) return true;
    if (content === undefined || act.words === undefined) return content === undefined && act.words === undefined;
    return content.sealed.length <= MOST_SEALED_WORDS && isSealedFor(this.parts.cases.view(), record.portal, content);
  }

  private async owned(owner: SubsystemId, id: string): Promise<KeptCase> {
    const kept = await this.parts.cases.find(id);
    // Before its first leaf it is nobody's yet; a whole is its parts, and tells no owner what another is asked.
    const isOpenTo = kept.record.seq > 0 && kept.details.parts === undefined;
    if (!this.standingFor(owner).includes(kept.record.owner) || !isOpenTo) throw correctionErrors.error('case-unknown');
    return kept;
  }

  /** The owner, and those in whose place it stands: their cases are to be found under its name. */
  private standingFor(owner: SubsystemId): SubsystemId[] {
    return [owner, ...this.parts.cases.view().successors.formersOf(owner, this.parts.clock.now())];
  }

  private eventOf(owner: SubsystemId, kept: KeptCase, act: OwnerAct, mass: MassAnswer | undefined): CaseEvent {
    const by = { role: 'owner', subsystem: owner } as const;
    switch (act.act) {
      case 'receive':
        return { type: 'receive', by, receiptOver: act.receiptOver };
      case 'start':
        return { type: 'start', by };
      case 'transfer':
        return { type: 'transfer', by, ...this.transferTo(kept, act.target), reason: act.reason };
      case 'extend':
        return { type: 'extend', by, reason: act.reason, isAllowed: this.mayExtend(kept) };
      default:
        return saltedEvent(by, kept, act, mass);
    }
  }

  /** By the registry: who owns all of the elements, or answered with them, may be given the case. */
  transferTo({ record }: KeptCase, target: SubsystemId): { target: SubsystemId; isAcceptedByTarget: boolean } {
    const view = this.parts.cases.view();
    const isHolder = record.items.every(({ elementId }) => {
      const { owner } = ownerOfDatum(view, record.service, elementId);
      return owner === target || subsystemOf(record.service) === target;
    });
    return { target, isAcceptedByTarget: isHolder && view.subsystem(target) !== undefined };
  }

  /** A term that is over is refused by the case itself, with its own word. */
  private mayExtend({ record, deadlines }: KeptCase): boolean {
    const { profile, calendar } = this.parts.cases.termsOf(record.profile);
    const decide = deadlines.find(({ kind }) => kind === 'decide');
    const longer = extended(decide, profile, calendar, this.parts.clock.now());
    return longer.ok || longer.reason !== 'no-extension';
  }
}

/** Acts whose statement has a digest of all that they say. */
function saltedEvent(
  by: { readonly role: 'owner'; readonly subsystem: SubsystemId },
  { details }: KeptCase,
  act: Extract<OwnerAct, { readonly salt: string }>,
  mass: MassAnswer | undefined,
): CaseEvent {
  const doc = actDoc(act) ?? '';
  const isMass = details.isMass === true;
  switch (act.act) {
    case 'request-info':
      return { type: 'request-info', by, isMass, question: act.question, doc };
    case 'decide': {
      const { outcome, reasonCode, legalRef, remedies, accepted, preparedBy, approvedBy } = act;
      const people = { approvedBy, ...(preparedBy === undefined ? {} : { preparedBy }) };
      const said = { outcome, reasonCode, legalRef, remedies, accepted, ...people };
      return { type: 'decide', by, ...said, isSignatureValid: true, doc };
    }
    case 'correct':
      return { type: 'correct', by, values: act.values, effectiveFromMs: Date.parse(act.effectiveFrom), doc };
    case 'join':
      return { type: 'join', by, isMass, mass, legalRef: act.legalRef, doc };
  }
}
