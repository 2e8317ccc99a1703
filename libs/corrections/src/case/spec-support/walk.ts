import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { ExchangeId, Result, ServiceId, SubsystemId } from '#kernel';
import type { ClockCommand } from '../../clock-command.js';
import { advance, standing, type Advanced } from '../advance.js';
import type { CaseActor, CaseEvent, CaseEventOf, CaseEventType } from '../event.js';
import { draftCase, type CaseRecord } from '../record.js';
import type { CaseRefusal, CaseRefusalCode } from '../refusal.js';
import type { CaseState } from '../state.js';

export const DAY_MS = 86_400_000;
/** The stand-in's term of every clock: so long after its start it has just passed. It reminds from its start on. */
export const TERM_MS = 10 * DAY_MS;
/** How long after its end the stand-in escalates. */
export const ESCALATE_MS = 5 * DAY_MS;
export const START_MS = Date.parse('2026-11-27T08:00:00Z');

const subsystem = (name: string) => `DEMO/GOV/${name}` as SubsystemId;
export const PORTAL = subsystem('1000/mygov');
export const OWNER = subsystem('1001/civil');
export const OTHER = subsystem('1002/migration');
export const THIRD = subsystem('1003/tax');
export const FOURTH = subsystem('1004/land');
export const PROVIDER = subsystem('1005/certificates');
export const FIRST_TOLD = subsystem('2001/clinic');
export const SECOND_TOLD = subsystem('2002/bank');

export const portal: CaseActor = { role: 'portal', subsystem: PORTAL, mayAct: true };
export const owner: CaseActor = { role: 'owner', subsystem: OWNER };
export const feedback: CaseActor = { role: 'feedback' };
export const operator: CaseActor = { role: 'operator' };
export const supervisor: CaseActor = { role: 'supervisor' };
export const recipient = (of: SubsystemId): CaseActor => ({ role: 'recipient', subsystem: of });

const EXCHANGE = '0190a1b2-0000-7000-8000-000000000001' as ExchangeId;
export const DOC = 'h1:MnqiO-H58JppUhWfGxo7Amn5rcdx8rmL94CjGQ9O2u8';

const item = (jsonPointer: string) => ({ elementId: 'person.birth', jsonPointer, doubtedHash: DOC, asOfMs: 1 });

/** A draft about two data. */
export function sampleDraft(change: Partial<CaseRecord> = {}): CaseRecord {
  const draft = draftCase({
    correctionId: '0190a1b2-0000-7000-8000-0000000000aa',
    publicNumber: 'AZ-2026-000123-7',
    kind: 'ERROR',
    profile: 'default',
    needsTwoPersons: false,
    portal: PORTAL,
    owner: OWNER,
    service: `${PROVIDER}/extracts` as ServiceId,
    exchangeId: EXCHANGE,
    // The second is missing: nothing was shown.
    items: [item('/born'), { elementId: 'person.birth', jsonPointer: '/place' }],
  });
  return { ...draft, ...change };
}

const FACTS = { isExchangeOfSubject: true, unknownElements: [], isSignatureValid: true, isAtDisputeLimit: false };

/** An event of each type, by who may, whose guard holds as far as the event itself can see to it. */
const SAMPLES: { readonly [T in CaseEventType]: (record: CaseRecord) => CaseEventOf<T> } = {
  submit: () => ({ type: 'submit', by: portal, doc: DOC, facts: FACTS }),
  route: () => ({ type: 'route', by: feedback, isOwnerActive: true }),
  split: () => ({
    type: 'split',
    by: feedback,
    doc: DOC,
    parts: [
      { correctionId: 'part-1', owner: OWNER, items: [0] },
      { correctionId: 'part-2', owner: OTHER, items: [1] },
    ],
  }),
  receive: (record) => ({ type: 'receive', by: ownerOf(record), receiptOver: DOC }),
  start: (record) => ({ type: 'start', by: ownerOf(record) }),
  transfer: (record) => ({
    type: 'transfer',
    by: ownerOf(record),
    target: [OWNER, OTHER, THIRD, FOURTH].find((one) => one !== record.owner && !record.hops.includes(one)) ?? FOURTH,
    reason: 'not-our-element',
    isAcceptedByTarget: true,
  }),
  'request-info': (record) => ({
    type: 'request-info',
    by: ownerOf(record),
    isMass: false,
    question: 'value-unclear',
    doc: DOC,
  }),
  'provide-info': () => ({ type: 'provide-info', by: portal, isSignatureValid: true, doc: DOC }),
  'lapse-info': () => ({ type: 'lapse-info', by: feedback }),
  extend: (record) => ({ type: 'extend', by: ownerOf(record), reason: 'study-needed', isAllowed: true }),
  decide: (record) => ({
    type: 'decide',
    by: ownerOf(record),
    outcome: 'ACCEPTED',
    reasonCode: 'error-confirmed',
    legalRef: 'art. 12',
    remedies: [],
    accepted: [0, 1],
    isSignatureValid: true,
    approvedBy: 'a',
    doc: DOC,
  }),
  join: (record) => ({
    type: 'join',
    by: ownerOf(record),
    isMass: false,
    mass: {
      ...{ correctionId: 'mass', owner: record.owner, service: record.service, outcome: 'ACCEPTED' },
      elements: record.items.flatMap(({ elementId }) => elementId ?? []),
    },
    legalRef: 'art. 12',
    doc: DOC,
  }),
  correct: (record) => ({
    type: 'correct',
    by: ownerOf(record),
    values: (record.decision?.accepted ?? []).map((place) => ({ item: place, newValueHash: DOC })),
    effectiveFromMs: START_MS,
    doc: DOC,
  }),
  propagate: () => ({
    type: 'propagate',
    by: feedback,
    doc: DOC,
    recipients: [FIRST_TOLD, SECOND_TOLD].map((one) => ({ subsystem: one, lastExchangeId: EXCHANGE })),
  }),
  acknowledge: ({ recipients }) => ({
    type: 'acknowledge',
    by: recipient(recipients.find(({ action }) => action === undefined)?.subsystem ?? FIRST_TOLD),
    action: 'APPLIED',
    doc: DOC,
  }),
  verify: () => ({ type: 'verify', by: portal, isMatch: true, doc: DOC }),
  close: () => ({ type: 'close', by: feedback, doc: DOC }),
  withdraw: () => ({ type: 'withdraw', by: portal }),
  reopen: () => ({ type: 'reopen', by: portal, reason: 'appeal' }),
  tick: ({ clocks }) => ({
    type: 'tick',
    by: feedback,
    clock: (Object.keys(clocks) as (keyof typeof clocks)[])[0] ?? 'decide',
    step: 'near',
  }),
  succeed: ({ owner: former }) => ({ type: 'succeed', by: feedback, former, successor: PROVIDER }),
  link: () => ({ type: 'link', by: feedback, duplicateId: 'later', doc: DOC }),
};
export const EVENT_TYPES = Object.keys(SAMPLES) as CaseEventType[];

function ownerOf(record: CaseRecord): CaseActor {
  return { role: 'owner', subsystem: record.owner };
}

export function sample<T extends CaseEventType>(
  type: T,
  record: CaseRecord,
  change: Partial<CaseEventOf<T>> = {},
): CaseEventOf<T> {
  const make: (of: CaseRecord) => CaseEventOf<T> = SAMPLES[type];
  return { ...make(record), ...change };
}

/** A case on its way, with a log that takes every leaf and clocks of `TERM_MS` each. */
export class Walk {
  /** Newest last; what was taken since the draft. */
  readonly taken: { readonly event: CaseEvent; readonly before: CaseRecord; readonly did: Advanced; leaf: string }[] =
    [];
  atMs = START_MS;

  constructor(public record: CaseRecord = sampleDraft()) {}

  get last(): Advanced {
    const newest = this.taken.at(-1);
    assert.ok(newest !== undefined, 'nothing was taken');
    return newest.did;
  }

  later(ms: number): this {
    this.atMs += ms;
    return this;
  }

  /** What an event would bring now; nothing changes. */
  ask<T extends CaseEventType>(type: T, change: Partial<CaseEventOf<T>> = {}): CaseRefusalCode | CaseState {
    const result = advance(this.record, sample(type, this.record, change) as CaseEvent, this.atMs);
    return result.ok ? result.value.record.state : result.reason.code;
  }

  /** Takes an event that must be taken. */
  go<T extends CaseEventType>(type: T, change: Partial<CaseEventOf<T>> = {}): this {
    const result = this.offer(sample(type, this.record, change) as CaseEvent);
    assert.ok(result.ok, result.ok ? '' : `${type} in ${this.record.state}: ${result.reason.code}`);
    return this;
  }

  offer(event: CaseEvent): Result<Advanced, CaseRefusal> {
    const before = this.record;
    const result = advance(before, event, this.atMs);
    if (!result.ok) return result;
    const did = result.value;
    const leaf = createHash('sha256').update(JSON.stringify(did.statement)).digest('base64url');
    const after = did.statement.seq === undefined ? did.record : standing(did.record, leaf);
    this.record = { ...after, due: this.dueAfter(after.due, did.clocks) };
    this.taken.push({ event, before, did, leaf });
    return result;
  }

  /** Carries the commands out. */
  protected dueAfter(before: CaseRecord['due'], commands: readonly ClockCommand[]): CaseRecord['due'] {
    const due = { ...before };
    for (const { act, clock, fromMs } of commands) {
      const dueAt = (fromMs ?? this.atMs) + TERM_MS - 1;
      if (act !== 'stop') due[clock] = { nearAt: this.atMs - 1, dueAt, escalateAt: dueAt + ESCALATE_MS };
    }
    return due;
  }
}

/** The way to each state, by the events that lead there. */
const WAYS: Readonly<Record<CaseState, (walk: Walk) => Walk>> = {
  DRAFT: (walk) => walk,
  SUBMITTED: (walk) => walk.go('submit'),
  TRANSFERRED: (walk) => walkTo('RECEIVED', walk).go('transfer'),
  ROUTED: (walk) => walkTo('SUBMITTED', walk).go('route'),
  RECEIVED: (walk) => walkTo('ROUTED', walk).go('receive'),
  REOPENED: (walk) => walkTo('REJECTED', walk).go('reopen'),
  IN_REVIEW: (walk) => walkTo('RECEIVED', walk).go('start'),
  NEEDS_INFO: (walk) => walkTo('IN_REVIEW', walk).go('request-info'),
  ACCEPTED: (walk) => walkTo('IN_REVIEW', walk).go('decide'),
  PARTIALLY_ACCEPTED: (walk) =>
    walkTo('IN_REVIEW', walk).go('decide', { outcome: 'PARTIALLY_ACCEPTED', accepted: [1], remedies: ['court'] }),
  REJECTED: (walk) =>
    walkTo('IN_REVIEW', walk).go('decide', { outcome: 'REJECTED', accepted: [], remedies: ['court'] }),
  CORRECTED: (walk) => walkTo('ACCEPTED', walk).go('correct'),
  PROPAGATING: (walk) => walkTo('CORRECTED', walk).go('propagate'),
  CLOSED: (walk) => walkTo('PROPAGATING', walk).go('acknowledge').later(TERM_MS).go('close'),
  WITHDRAWN: (walk) => walkTo('ROUTED', walk).go('withdraw'),
};

/** Walks there; a draft with the stand-in's clocks if no other is given. */
export function walkTo(state: CaseState, walk: Walk = new Walk()): Walk {
  return WAYS[state](walk);
}
