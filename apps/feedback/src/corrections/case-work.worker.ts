import { standing, type CaseState } from '#corrections';
import type { Delivery } from '#deliveries';
import { toBase64Url, type Clock } from '#kernel';
import { Rounds } from '#platform';
import type { Queries } from '#postgres';
import type { RegistryView } from '#snapshot';
import type { CaseStore } from './case.store.js';
import { CaseFlags } from './case-flags.service.js';
import type { CaseDelivering, Cases, CasesParts } from './cases.service.js';
import { hasNoReader } from './has-no-reader.js';
import type { CaseDetails, KeptCase, PendingStep } from './kept-case.js';
import { TELLING } from './notice-id.js';
import type { OwnWordsStore } from './own-words/own-words.store.js';
import { looksAgainAt, ownStep, type OwnStep } from './own-event.js';

export interface CaseWorkParts {
  readonly store: CaseStore;
  readonly cases: Cases;
  /** Steps whose content has to be found out first; whether each was taken. */
  readonly finding: Readonly<Record<'telling' | 'closing' | 'split', (kept: KeptCase) => Promise<boolean>>>;
  readonly delivering: CaseDelivering;
  /** Parties whose place is another's by now. */
  readonly successions: { keepUp(): Promise<void> };
  readonly deliveries: CasesParts['deliveries'];
  readonly words: Pick<OwnWordsStore, 'add'>;
  /** In the same transaction: what members are told under, and may answer. */
  readonly noting: (queries: Queries, after: KeptCase, told: readonly Delivery[]) => Promise<void>;
  /** In the same transaction: what the person is told. */
  readonly notifying: (queries: Queries, after: KeptCase, stood: PendingStep) => Promise<void>;
  readonly registry: { current(): RegistryView | undefined };
  readonly clock: Clock;
  readonly intervalMs: number;
  /** A transition that no log has taken in a day: it never was. */
  readonly lost: (caseId: string) => void;
  /** A transition stands in the log. */
  readonly stood: (state: CaseState) => void;
  readonly failed: (cause: unknown) => void;
}

const PER_ROUND = 200;

/**
 * What happens in cases without anybody asking: transitions count once the log shows them, feedback takes the steps that
 * are its own, and terms end. Each is one transaction with what it brings; a crash repeats it from the row. Several
 * processes may do it side by side: the row's lock lets one through. So may what the log has shown and what is due: to
 * find out recipients takes seconds, and a flag has one to go (`corrections.md` §6).
 */
export class CaseWork {
  private readonly settling: Rounds;
  private readonly advancing: Rounds;
  private readonly flags: CaseFlags;

  constructor(private readonly parts: CaseWorkParts) {
    this.settling = new Rounds(
      // What they have become may be followed by a step of feedback's own.
      () => this.settleAll(() => this.advancing.soon()),
      parts.failed,
      parts.intervalMs,
    );
    this.advancing = new Rounds(() => this.advanceAll(), parts.failed, parts.intervalMs);
    this.flags = new CaseFlags(parts);
  }

  start(): void {
    this.settling.start();
    this.advancing.start();
  }

  async stop(): Promise<void> {
    await Promise.all([this.settling.stop(), this.advancing.stop()]);
  }

  /** New leaves are there. */
  wake(): void {
    this.settling.soon();
  }

  /** One round of both. */
  async pass(): Promise<void> {
    await this.settleAll();
    await this.advanceAll();
  }

  /** What the log shows by now; resolves with when the next should be. */
  private async settleAll(haveSettled: () => void = () => undefined): Promise<number> {
    const { store, registry, intervalMs } = this.parts;
    // Without a snapshot nobody can be told, and what is not told with its transition never is.
    if (registry.current() === undefined) return intervalMs;
    const settled = await store.settled(PER_ROUND);
    const moved = new Set<string>();
    for (const id of settled)
      await this.guarded(async () => {
        if ((await this.settle(id)) === 'moved') moved.add(id);
      });
    if (settled.length > 0) haveSettled();
    return moved.size > 0 || settled.length === PER_ROUND ? 0 : intervalMs;
  }

  /** What is due; resolves as well with when the next should be. */
  private async advanceAll(): Promise<number> {
    const { store, registry, clock, intervalMs } = this.parts;
    if (registry.current() === undefined) return intervalMs;
    await this.flags.keepUp();
    await this.guarded(() => this.parts.successions.keepUp());
    const due = await store.due(clock.now(), PER_ROUND);
    for (const id of due) await this.guarded(() => this.advance(id));
    return due.length === PER_ROUND ? 0 : intervalMs;
  }

  /** What is wrong with one case holds up no other. */
  private async guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      this.parts.failed(cause);
    }
  }

  private async settle(id: string): Promise<'stood' | 'lost' | 'moved'> {
    const { store, delivering, deliveries, words, noting, notifying, lost, stood } = this.parts;
    const seen = await store.find(id);
    if (seen?.pending === undefined) return 'moved';
    const after = settledCase(seen);
    const [told, takenBack] = await Promise.all([delivering.afterwards(seen, after), delivering.takenBack(seen)]);
    const outcome = await store.transaction(async (queries) => {
      await store.inOrder(queries);
      const kept = await store.lock(queries, id);
      if (kept?.pending?.leaf.equals(seen.pending?.leaf ?? Buffer.alloc(0)) !== true) return 'moved';
      // Somebody was told of a flag meanwhile: what was made before does not know it.
      if (JSON.stringify(kept.details) !== JSON.stringify(seen.details)) return 'moved';
      if (!(await store.isLogged(queries, kept.pending.leaf))) {
        await store.drop(queries, kept);
        await deliveries.outbox.add(queries, takenBack);
        return 'lost';
      }
      await store.stand(queries, kept, after);
      await words.add(queries, kept);
      const { parentId } = kept.details;
      if (parentId !== undefined) await store.workNow(queries, [parentId]);
      if (TELLING.has(kept.pending.type)) await noting(queries, after, told);
      await notifying(queries, after, kept.pending);
      await deliveries.outbox.add(queries, told);
      return 'stood';
    });
    if (outcome !== 'moved') deliveries.wake();
    if (outcome === 'lost') lost(id);
    if (outcome !== 'stood') return outcome;
    stood(after.record.state);
    // The registry may have changed while it was on its way.
    if (seen.pending.signals.includes('data.disputed')) await this.flags.add(after);
    return outcome;
  }

  private async advance(id: string): Promise<void> {
    const { store, registry, clock } = this.parts;
    const kept = await store.find(id);
    if (kept === undefined || kept.pending !== undefined) return;
    const view = registry.current();
    const nowMs = clock.now();
    const parts = kept.record.parts.length > 0 ? kept.record.parts : (kept.details.parts ?? []);
    const partStates = await store.statesOf(parts.map(({ correctionId }) => correctionId));
    const step = ownStep(kept, { nowMs, partStates, isActive: (one) => view?.subsystem(one) !== undefined });
    if (step !== undefined && (await this.carriedOut(kept, step))) return;
    await store.transaction(async (queries) => {
      const now = await store.lock(queries, id);
      // Something has happened since it was read: it is looked at again at once.
      const isSame = now?.workMs === kept.workMs && JSON.stringify(now?.record) === JSON.stringify(kept.record);
      if (isSame && now?.pending === undefined) await store.workAt(queries, id, looksAgainAt(kept, nowMs));
    });
  }

  private carriedOut(kept: KeptCase, step: OwnStep): Promise<boolean> {
    const { cases, finding } = this.parts;
    return 'event' in step ? cases.act(kept, step.event) : finding[step.toFind](kept);
  }
}

/** Of values that are corrected once more nobody has looked yet. */
function verificationAfter({ type, why, record }: PendingStep): Pick<CaseDetails, 'verification'> {
  const { seq } = record;
  if (type === 'correction.corrected') return { verification: undefined };
  if (type === 'correction.verified') return { verification: { seq, isMatch: true } };
  return type === 'correction.reopened' && why === 'old-value-seen' ? { verification: { seq, isMatch: false } } : {};
}

function tellingOf({ type, record }: PendingStep): Pick<CaseDetails, 'toldSeq'> {
  return TELLING.has(type) ? { toldSeq: record.seq } : {};
}

/** Transitions after which another has to read the request. */
const HANDED_ON: ReadonlySet<string> = new Set(['correction.transferred', 'correction.succeeded']);

/** The case once the log shows its pending transition. */
function settledCase(kept: KeptCase): KeptCase {
  const { pending } = kept;
  if (pending === undefined) return kept;
  const record = standing(pending.record, toBase64Url(pending.leaf));
  // What the former owner, or the gateway that filed it, has sealed anew for the next one.
  const isHandedOn = HANDED_ON.has(pending.type) && pending.contentId !== undefined;
  const content = isHandedOn
    ? { contentId: pending.contentId ?? kept.contentId, sealed: pending.sealed }
    : { contentId: kept.contentId, sealed: kept.sealed };
  const { act } = pending;
  const { flagged, signals } = pending;
  const begun = flagged === undefined ? {} : { dispute: { sinceMs: pending.atMs, told: flagged } };
  const dispute = signals.includes('data.undisputed') ? { dispute: undefined } : begun;
  const acts = act === undefined ? {} : { acts: { ...kept.details.acts, [record.seq]: act } };
  return {
    ...kept,
    details: { ...kept.details, ...acts, ...dispute, ...verificationAfter(pending), ...tellingOf(pending) },
    ...{ record, deadlines: pending.deadlines, ...content, pending: undefined },
    ...(hasNoReader(record) ? { sealed: undefined } : {}),
  };
}
