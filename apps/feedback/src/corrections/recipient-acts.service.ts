import { valueHash, type CaseEventOf } from '#corrections';
import type { Outbox } from '#deliveries';
import { fromBase64Url, newExchangeId, toBase64Url, type Clock, type SubsystemId } from '#kernel';
import type { RecipientAction, RecipientReason, Statement } from '#signing';
import { casePayload, isSamePayload } from './case-payload.js';
import type { CaseStore } from './case.store.js';
import { readSigned, type CasePayload, type Cases, type CasesParts } from './cases.service.js';
import { correctionErrors } from './corrections.errors.js';
import type { KeptCase } from './kept-case.js';
import type { KeptNotice, NoticeAnswer, NoticeStore } from './notice.store.js';

/** What a member says it did with the value that was corrected. */
export interface Acknowledgement {
  readonly action: RecipientAction;
  /** Of a refusal, and only of that. */
  readonly reason?: RecipientReason | undefined;
  /** base64url, 32 bytes: whoever has it can check the digest in the log. */
  readonly salt: string;
}

/** A notice as the member fetches it. What it is about is sealed for it, as it was delivered. */
export interface NoticeStanding {
  readonly noticeId: string;
  readonly isReopened: boolean;
  readonly dueAt?: string;
  /** base64url, until there is an answer; kind and head as of the delivery. */
  readonly sealed?: string;
  readonly answer?: {
    readonly action: RecipientAction;
    readonly reason?: RecipientReason;
    readonly at: string;
    /** Leaf hash of the statement, base64url. */
    readonly leaf: string;
  };
}

export type AcknowledgementOutcome = { readonly payload: CasePayload } | { readonly standing: NoticeStanding };

/** Of what is sealed, two KiB each. */
const PAGE = 100;

export interface RecipientActsParts {
  readonly store: CaseStore;
  readonly notices: NoticeStore;
  readonly cases: Cases;
  readonly statements: CasesParts['statements'];
  readonly outbox: Pick<Outbox, 'acknowledge'>;
  readonly clock: Clock;
}

/**
 * What members that got a wrong value see of its correction and say to it. Their word has an id of its own and is no link
 * of the case's chain, so it counts as soon as it is kept; of the case they learn nothing, and of others' notices not
 * even that there are any. Once said it stands: the same statement again changes nothing, another is refused.
 */
export class RecipientActs {
  constructor(private readonly parts: RecipientActsParts) {}

  /** What waits for an answer of this member, or tells it that a value is doubted again. */
  async open(recipient: SubsystemId, after: string | undefined): Promise<{ notices: NoticeStanding[]; next?: string }> {
    const found = await this.parts.notices.open(recipient, after, PAGE + 1);
    const notices = found.slice(0, PAGE).map(standingOf);
    const next = found.length > PAGE ? notices.at(-1)?.noticeId : undefined;
    return { notices, ...(next === undefined ? {} : { next }) };
  }

  async one(recipient: SubsystemId, id: string): Promise<NoticeStanding> {
    return standingOf(await this.own(recipient, id));
  }

  async acknowledge(
    recipient: SubsystemId,
    id: string,
    said: Acknowledgement,
    jws: string | undefined,
  ): Promise<AcknowledgementOutcome> {
    const { cases, clock } = this.parts;
    const notice = await this.own(recipient, id);
    const statement = jws === undefined ? undefined : readSigned(jws);
    if (statement !== undefined && notice.answer?.leaf.equals(statement.leafHash) === true)
      return { standing: standingOf(notice) };
    if (notice.isReopened || notice.isPast) throw correctionErrors.error('notice-past');
    const kept = await cases.find(notice.caseId);
    const event = eventOf(recipient, said);
    if (statement === undefined)
      return { payload: this.payloadOf(kept, event, { atMs: clock.now(), id: newExchangeId() }) };
    cases.signedAt(statement);
    cases.checkSigner(statement, recipient);
    await this.take(notice, event, statement);
    return { standing: standingOf(await this.own(recipient, id)) };
  }

  private async take(notice: KeptNotice, event: CaseEventOf<'acknowledge'>, statement: Statement): Promise<void> {
    const { store, notices, cases, statements, outbox } = this.parts;
    const { ts, id } = statement.payload;
    await store.transaction(async (queries) => {
      const kept = await store.lock(queries, notice.caseId);
      if (kept === undefined) throw correctionErrors.error('case-unknown');
      const { record } = cases.judged(kept, event, ts);
      if (!isSamePayload(this.payloadOf(kept, event, { atMs: ts, id }), statement.payload)) throw unsound();
      const { action, reason } = event;
      const answer: NoticeAnswer = { action, reason, leaf: statement.leafHash, atMs: ts };
      if (!(await notices.answered(queries, notice.id, answer))) throw unsound();
      await store.acknowledged(queries, kept.id, record);
      await statements.keep(queries, statement);
      // Whoever answers has it: it need not be brought any more.
      await outbox.acknowledge(queries, notice.id, [notice.recipient]);
    });
    statements.wake();
  }

  /** Its id is free: which case it speaks of stands in `doc` alone, for whoever has the salt. */
  private payloadOf(
    kept: KeptCase,
    event: CaseEventOf<'acknowledge'>,
    { atMs, id }: { readonly atMs: number; readonly id: string },
  ): CasePayload {
    const { statement } = this.parts.cases.judged(kept, event, atMs);
    return casePayload(statement, { caseId: id, atMs, dueMs: undefined });
  }

  private async own(recipient: SubsystemId, id: string): Promise<KeptNotice> {
    const notice = await this.parts.notices.find(id);
    if (notice?.recipient !== recipient) throw correctionErrors.error('case-unknown');
    return notice;
  }
}

function eventOf(subsystem: SubsystemId, { action, reason, salt }: Acknowledgement): CaseEventOf<'acknowledge'> {
  const why = reason === undefined ? {} : { reason };
  const doc = valueHash(fromBase64Url(salt) ?? Buffer.alloc(0), { action, ...why });
  return { type: 'acknowledge', by: { role: 'recipient', subsystem }, action, ...why, doc };
}

function standingOf({ id, isReopened, dueMs, sealed, answer }: KeptNotice): NoticeStanding {
  return {
    ...{ noticeId: id, isReopened },
    ...(dueMs === undefined ? {} : { dueAt: new Date(dueMs).toISOString() }),
    ...(sealed === undefined ? {} : { sealed: toBase64Url(sealed) }),
    ...(answer === undefined ? {} : { answer: shownAnswer(answer) }),
  };
}

function shownAnswer({ action, reason, leaf, atMs }: NoticeAnswer): NonNullable<NoticeStanding['answer']> {
  const why = reason === undefined ? {} : { reason };
  return { action, ...why, at: new Date(atMs).toISOString(), leaf: toBase64Url(leaf) };
}

function unsound() {
  return correctionErrors.error('step-unsound', { extensions: { problem: 'payload' } });
}
