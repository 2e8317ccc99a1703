import type { AuditQuestion } from '#corrections';
import { toBase64Url, type Clock, type SubsystemId } from '#kernel';
import { placesOf } from '#snapshot';
import { callerErrors } from '../../caller/caller.errors.js';
import type { PersonKeys } from '../../key-store/person-keys.store.js';
import { tagsOf } from '../../key-store/person-tags.js';
import { epochTagKey } from '../../key-store/tag.js';
import type { Cases } from '../cases.service.js';
import { correctionErrors } from '../corrections.errors.js';
import type { KeptCase } from '../kept-case.js';
import { openSubject } from '../kept-subject.js';
import type { OversightStore } from '../supervisor/oversight.store.js';
import type { CasePeriodStore } from './case-period.store.js';
import { flaggedPeriods, isChainWhole, signatureOf } from './chain.js';
import type { OneCaseStore } from './one-case.store.js';
import type { Period } from './step-times.js';

export interface Asked extends Period {
  readonly question: AuditQuestion;
  /** Id or public number. */
  readonly named: string | undefined;
  /** Undefined: now. */
  readonly atMs: number | undefined;
}

export interface CaseAuditParts {
  readonly one: OneCaseStore;
  readonly period: CasePeriodStore;
  readonly oversight: Pick<OversightStore, 'note'>;
  readonly cases: Pick<Cases, 'find' | 'view'>;
  readonly keys: Pick<PersonKeys, 'find' | 'epochs'>;
  readonly clock: Clock;
  readonly auditors: readonly string[];
}

type OfCase = (kept: KeptCase) => Promise<object>;

/**
 * Answers what an auditor asks, each by one call. Whatever stands in the log is named by its leaf, so that the answer is
 * checked there and not believed. It names no person; and whoever asks about a case is written down.
 */
export class CaseAudit {
  private readonly ofCase: Readonly<Partial<Record<AuditQuestion, OfCase>>> = {
    receipt: (kept) => this.receipt(kept),
    recipients: (kept) => this.recipients(kept),
    'disputed-answers': (kept) => this.disputedAnswers(kept),
    decisions: (kept) => this.decisions(kept),
    accesses: async ({ id }) => ({ accesses: await this.parts.one.accesses(id) }),
    'concealed-recipients': (kept) => this.concealedRecipients(kept),
  };
  private readonly ofPeriod: Readonly<Partial<Record<AuditQuestion, (asked: Asked) => Promise<object>>>> = {
    overdue: (asked) => this.overdue(asked),
    rejections: (asked) => this.rejections(asked),
    elements: async (asked) => ({ elements: await this.parts.period.elements(asked) }),
    extensions: async (asked) => ({ extensions: await this.parts.period.extensions(asked) }),
    transfers: async (asked) => ({ cases: await this.parts.period.transfers(asked) }),
    'reopened-by-verification': async (asked) => ({ cases: await this.parts.period.reopenedByVerification(asked) }),
  };

  constructor(private readonly parts: CaseAuditParts) {}

  async answer(auditor: SubsystemId, asked: Asked): Promise<object> {
    const { one, oversight, cases, clock, auditors } = this.parts;
    if (!auditors.includes(auditor)) throw callerErrors.error('caller-not-auditor');
    const answer = this.ofPeriod[asked.question];
    if (answer !== undefined) return answer(asked);
    const id = asked.named === undefined ? undefined : await one.idOf(asked.named);
    if (id === undefined) throw correctionErrors.error('case-unknown');
    await oversight.note([id], { by: auditor, role: 'auditor', what: asked.question }, clock.now());
    const kept = await cases.find(id);
    const { publicNumber, state } = kept.record;
    return { correctionId: id, publicNumber, state, ...(await this.ofCase[asked.question]?.(kept)) };
  }

  /** 1: whether, when and by whom it was received; each owner that had the case gave a receipt. */
  private async receipt({ id }: KeptCase) {
    const view = this.parts.cases.view();
    const steps = (await this.parts.one.stated(id)).filter(({ type }) => type === 'correction.received');
    return {
      receipts: steps.map(({ statement = '', atMs, leafHash, log, index }) => ({
        ...{ at: instant(atMs), leaf: toBase64Url(leafHash), log, index, statement },
        ...signatureOf(statement, (by, kid) => view.keyOf(by, kid)?.jwk),
      })),
    };
  }

  /** 2: at a moment; and how long cases stood in each state, of those that left it until then. */
  private async overdue({ atMs = this.parts.clock.now(), fromMs }: Asked) {
    const { period } = this.parts;
    const [overdue, times] = await Promise.all([period.overdueAt(atMs), period.times({ fromMs, untilMs: atMs + 1 })]);
    const byOwner = Map.groupBy(overdue, ({ owner, service }) => JSON.stringify([owner, service]));
    const counts = [...byOwner.values()].map((same) => ({
      ...{ owner: same[0]?.owner, service: same[0]?.service, overdue: same.length },
    }));
    return { overdue, counts, times };
  }

  /** 6: rates of rejection by reason, of all; with the decisions that they are of, `isCut` if those are too many to name. */
  private async rejections(asked: Asked) {
    const { period } = this.parts;
    const [counted, named] = await Promise.all([period.decisions(asked), period.decided(asked)]);
    return { ...counted, ...named };
  }

  /** 3: who got the wrong value, when it was told, and who has not confirmed. */
  private async recipients({ id, record }: KeptCase) {
    const told = (await this.parts.one.stated(id)).findLast(({ type }) => type === 'correction.propagating');
    const toldAt = told === undefined ? undefined : instant(told.atMs);
    const recipients = record.recipients.map(({ subsystem, lastExchangeId, action, reason, ackAtMs }) => ({
      ...{ subsystem, lastExchangeId, toldAt, action, reason },
      acknowledgedAt: ackAtMs === undefined ? undefined : instant(ackAtMs),
    }));
    const outstanding = recipients.filter(({ action }) => action === undefined).map(({ subsystem }) => subsystem);
    return { recipients, outstanding, ...(told === undefined ? {} : { leaf: toBase64Url(told.leafHash) }) };
  }

  /** 4: answers with the doubted datum while the flag was on, and whether each carried the header. */
  private async disputedAnswers({ id, person, subjectEnc, record, details }: KeptCase) {
    const { one, keys, cases } = this.parts;
    const key = (await keys.find([person])).get(epochTagKey(person));
    const subject = key === undefined ? undefined : openSubject(key, id, subjectEnc);
    if (subject === undefined) throw correctionErrors.error('case-unknown');
    const view = cases.view();
    const places = [
      { service: record.service, endpoint: details.endpoint },
      ...record.items.flatMap(({ elementId }) => (elementId === undefined ? [] : placesOf(view, elementId))),
    ];
    const once = [...new Map(places.map((place) => [`${place.service} ${place.endpoint}`, place])).values()];
    const flagged = flaggedPeriods(await one.stated(id));
    const exchanges = await one.disputed(tagsOf(subject, await keys.epochs()), once, flagged);
    return { exchanges, unflagged: exchanges.filter(({ isHeaderPresent }) => !isHeaderPresent).length };
  }

  /** 5: every decision there ever was, and whether the chain of transitions is whole. */
  private async decisions({ id }: KeptCase) {
    const steps = await this.parts.one.stated(id);
    const decided = steps.filter(({ type }) => type === 'correction.decided' || type === 'correction.joined');
    return {
      isChainWhole: isChainWhole(steps),
      wasDecidedAgain: decided.length > 1,
      decisions: decided.map(({ seq, now, why, atMs, leafHash, log, index }) => ({
        ...{ seq, outcome: now, reason: why, at: instant(atMs), leaf: toBase64Url(leafHash), log, index },
      })),
      reopenings: steps
        .filter(({ type }) => type === 'correction.reopened')
        .map(({ seq, why, atMs, leafHash, log, index }) => ({
          ...{ seq, reason: why, at: instant(atMs), leaf: toBase64Url(leafHash), log, index },
        })),
    };
  }

  /** 11: how many recipients the person does not see, by which order, and until when; not who they are. */
  private async concealedRecipients({ record }: KeptCase) {
    const { one, clock } = this.parts;
    const rows = await one.concealed(
      record.recipients.map(({ lastExchangeId }) => lastExchangeId),
      clock.now(),
    );
    const byOrder = Map.groupBy(rows, ({ authority, doc, until_ms }) => JSON.stringify([authority, doc, until_ms]));
    return {
      concealed: new Set(rows.map((row) => row.exchange_id)).size,
      orders: [...byOrder.values()].map((same) => ({
        ...{ authority: same[0]?.authority, doc: same[0]?.doc, recipients: same.length },
        until: instant(Number(same[0]?.until_ms)),
      })),
    };
  }
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
