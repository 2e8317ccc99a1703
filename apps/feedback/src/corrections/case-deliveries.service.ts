import {
  CASE_KINDS,
  sealDelivery,
  type CaseDeliveryKind,
  type CaseToldContent,
  type CorrectedContent,
  type Delivery,
  type DisputeContent,
} from '#deliveries';
import type { CaseRecord, Terms } from '#corrections';
import { newExchangeId, subsystemOf, toBase64Url, type Clock, type SubsystemId } from '#kernel';
import { spelled, hmacSha256, SealingSessions } from '#signing';
import { placesOf, type RegistryView } from '#snapshot';
import type { CaseDelivering, FlagsOut } from './cases.service.js';
import type { Dispute, KeptCase, PendingStep } from './kept-case.js';
import { openSubject, type KeptSubject } from './kept-subject.js';
import type { NextStep } from './next-step.js';
import { noticesOf, TELLING } from './notice-id.js';
import type { PersonKeys } from '../key-store/person-keys.store.js';
import { epochTagKey } from '../key-store/tag.js';

export interface CaseDeliveriesParts {
  readonly registry: { current(): RegistryView | undefined };
  readonly keys: Pick<PersonKeys, 'find'>;
  readonly terms: ReadonlyMap<string, Terms>;
  readonly clock: Clock;
  /** For names that tell nothing to whoever does not have it. */
  readonly nameKey: Uint8Array;
  /** A member without a key in the registry, or with one that nothing can be sealed with, cannot be told anything. */
  readonly untold: (recipient: string, kind: CaseDeliveryKind) => void;
}

/** Transitions of which the owner's system is told by a delivery of its own. */
const OWNER_HEARS: ReadonlySet<string> = new Set(['withdrawn', 'reopened', 'closed', 'info-lapsed', 'succeeded']);

const UNROUTED: ReadonlySet<string> = new Set(['SUBMITTED', 'TRANSFERRED']);

const NOTHING: FlagsOut = { deliveries: [], told: [] };

/**
 * What members hear of a case, sealed for each. The owner gets the request as the portal sealed it; a connector whose
 * answers hold the datum its flag; a recipient that the value it got is corrected. Each learns no more than it needs.
 */
export class CaseDeliveries implements CaseDelivering {
  private readonly sessions = new SealingSessions();

  constructor(private readonly parts: CaseDeliveriesParts) {}

  /** The flag goes out before the leaf is there, so that it is set when that is (`corrections.md` §6). */
  async atOnce(kept: KeptCase, { signals }: NextStep): Promise<FlagsOut> {
    // Whatever an earlier review left: this one is flagged anew.
    return signals.includes('data.disputed') ? this.flags(kept, true, undefined) : NOTHING;
  }

  async missingFlags(kept: KeptCase): Promise<FlagsOut> {
    return kept.record.isDisputed ? this.flags(kept, true, kept.details.dispute) : NOTHING;
  }

  async takenBack(kept: KeptCase): Promise<readonly Delivery[]> {
    const { signals = [], atMs: sinceMs = 0, flagged: told = [] } = kept.pending ?? {};
    return signals.includes('data.disputed') ? (await this.flags(kept, false, { sinceMs, told })).deliveries : [];
  }

  async afterwards(before: KeptCase, after: KeptCase): Promise<readonly Delivery[]> {
    const { pending } = before;
    if (pending === undefined) return [];
    const lists = await Promise.all([
      this.toOwner(before, after),
      pending.signals.includes('data.undisputed')
        ? this.flags(before, false, before.details.dispute).then(({ deliveries }) => deliveries)
        : [],
      pending.told.some(({ to }) => to === 'recipients') ? this.toRecipients(after, !TELLING.has(pending.type)) : [],
    ]);
    return lists.flat();
  }

  private async toOwner(before: KeptCase, after: KeptCase): Promise<Delivery[]> {
    const { pending } = before;
    const { record } = after;
    if (pending === undefined) return [];
    const dueMs = pending.dueMs;
    if (getsRequest(pending, after) && after.sealed !== undefined)
      return [{ id: after.contentId, recipient: record.owner, kind: CASE_KINDS.request, value: after.sealed }];
    if (pending.type === 'correction.info-provided' && pending.sealed !== undefined && pending.contentId !== undefined)
      return [{ id: pending.contentId, recipient: record.owner, kind: CASE_KINDS.info, value: pending.sealed }];
    const what = pending.type.replace('correction.', '');
    const isTold = pending.told.some(({ to }) => to === 'owner' || to === 'owner-head');
    if (!isTold || (!OWNER_HEARS.has(what) && !what.startsWith('deadline'))) return [];
    const content: CaseToldContent = {
      ...{ correctionId: after.id, publicNumber: record.publicNumber, what, state: record.state },
      at: instant(pending.atMs),
      ...(dueMs === undefined ? {} : { dueAt: instant(dueMs) }),
      leaf: toBase64Url(pending.leaf),
    };
    return this.sealed(record.owner, CASE_KINDS.told, newExchangeId(), content);
  }

  /**
   * To every subsystem whose answers hold one of the elements, the answering one in any case, and who was told before:
   * set for those who were not, taken away from all. By one clock, which is no actor's, so that the later word is newer.
   */
  private async flags(kept: KeptCase, isOn: boolean, dispute: Dispute | undefined): Promise<FlagsOut> {
    // Nobody's answers are about a batch.
    if (kept.details.isMass === true) return NOTHING;
    const nowMs = this.parts.clock.now();
    const { sinceMs = nowMs, told = [] } = dispute ?? {};
    const { option, exemptPurposes } = (this.parts.terms.get(kept.record.profile) as Terms).profile.dispute;
    const subject = option === 'NONE' ? undefined : await this.subjectOf(kept);
    const view = this.parts.registry.current();
    if (subject === undefined || view === undefined || option === 'NONE') return NOTHING;
    const held = flagged(kept.record).flatMap((element) => {
      const holders = placesOf(view, element).map(({ service }) => subsystemOf(service));
      return [subsystemOf(kept.record.service), ...holders].map((holder) => `${holder} ${element}`);
    });
    const meant = isOn ? held.filter((pair) => !told.includes(pair)) : [...held, ...told];
    const sealed = [...new Set(meant)].map(async (pair) => {
      const [holder = '', element = ''] = pair.split(' ');
      const content: DisputeContent = {
        flag: this.nameOf('flag', kept.id, holder, element),
        ...{ subject: spelled(subject), element, isOn, option, exemptPurposes: [...exemptPurposes] },
        ...{ since: instant(sinceMs), at: instant(nowMs) },
      };
      const deliveries = await this.sealed(holder as SubsystemId, CASE_KINDS.dispute, newExchangeId(), content);
      return { deliveries, told: deliveries.length === 0 ? [] : [pair] };
    });
    const out = await Promise.all(sealed);
    return { deliveries: out.flatMap(({ deliveries }) => deliveries), told: out.flatMap((one) => one.told) };
  }

  /** A reminder is a delivery of its own, about the notice that still waits for its answer. */
  private async toRecipients(kept: KeptCase, isReminder: boolean): Promise<Delivery[]> {
    const { record, details } = kept;
    const isReopened = record.state === 'REOPENED';
    const subject = await this.subjectOf(kept);
    if (subject === undefined) return [];
    const silent = new Set(record.recipients.filter(({ action }) => action === undefined).map((one) => one.subsystem));
    const notices = noticesOf(this.parts.nameKey, record, details.toldSeq ?? record.seq);
    const told = isReminder ? notices.filter(({ subsystem }) => silent.has(subsystem)) : notices;
    const made = told.map(({ id: noticeId, subsystem, lastExchangeId }) => {
      const content: CorrectedContent = {
        ...{ noticeId, subject: spelled(subject), elements: elementsIn(record), service: record.service },
        ...{ exchangeId: lastExchangeId, isReopened, owner: record.owner },
        ...(record.correction === undefined ? {} : { effectiveFrom: instant(record.correction.effectiveFromMs) }),
      };
      const dueMs = kept.deadlines.find(
        ({ kind, stoppedAt }) => kind === 'recipient' && stoppedAt === undefined,
      )?.dueAt;
      const id = isReminder ? newExchangeId() : noticeId;
      return this.sealed(subsystem, CASE_KINDS.corrected, id, content, isReopened ? undefined : dueMs);
    });
    return (await Promise.all(made)).flat();
  }

  /** Undefined: the person was erased. */
  private async subjectOf({ id, person, subjectEnc }: KeptCase): Promise<KeptSubject | undefined> {
    const key = (await this.parts.keys.find([person])).get(epochTagKey(person));
    return key === undefined ? undefined : openSubject(key, id, subjectEnc);
  }

  private async sealed(
    recipient: SubsystemId,
    kind: CaseDeliveryKind,
    id: string,
    content: unknown,
    dueMs?: number,
  ): Promise<Delivery[]> {
    const { registry, clock, untold } = this.parts;
    const key = registry.current()?.sealingKey(recipient, clock.now());
    // Whoever publishes an unusable key holds up no case by it: it is the same as none.
    const session = key && (await this.sessions.take(recipient, key, clock.now()).catch(() => undefined));
    if (session === undefined) {
      untold(recipient, kind);
      return [];
    }
    const value = sealDelivery({ id, kind, to: recipient, dueMs }, content, session);
    return [{ id, recipient, kind, value, dueMs }];
  }

  private nameOf(...words: readonly string[]): string {
    return toBase64Url(hmacSha256(this.parts.nameKey, Buffer.from(words.join('\0'))).subarray(0, 16));
  }
}

function flagged({ items }: CaseRecord): string[] {
  return [...new Set(items.flatMap(({ elementId }) => elementId ?? []))];
}

/** Those that were corrected, once some were. */
function elementsIn({ items, correction }: CaseRecord): string[] {
  const places = new Set(correction?.values.map(({ item }) => item));
  const meant = places.size === 0 ? items : items.filter((_item, place) => places.has(place));
  return [...new Set(meant.flatMap(({ elementId }) => elementId ?? []))];
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}

/** Whether the owner gets the request by this transition: when it is routed to them, or sealed anew for a successor. */
function getsRequest({ type, contentId }: PendingStep, { record }: KeptCase): boolean {
  if (type === 'correction.routed') return true;
  // Before it is routed nobody gets it, and then whoever it is routed to.
  return type === 'correction.succeeded' && contentId !== undefined && !UNROUTED.has(record.state);
}
