import { draftCase, type CaseEvent, type CaseRecord, type Terms } from '#corrections';
import { readTermsProfiles, standing } from '#corrections';
import type { ExchangeId, ServiceId, SubsystemId } from '#kernel';
import type { KeptCase } from '../kept-case.js';
import { nextStep } from '../next-step.js';

export const PORTAL = 'TEST/GOV/1000/portal' as SubsystemId;
export const OWNER = 'TEST/GOV/1001/register' as SubsystemId;
export const CASE_ID = '019ac1a4-7a3c-7000-8000-000000000001';
export const DOC = 'h1:MnqiO-H58JppUhWfGxo7Amn5rcdx8rmL94CjGQ9O2u8';
export const FILED_MS = Date.parse('2026-11-23T08:00:00Z');

export const byPortal = { role: 'portal', subsystem: PORTAL, mayAct: true } as const;
export const byOwner = { role: 'owner', subsystem: OWNER } as const;
export const byFeedback = { role: 'feedback' } as const;
const EXCHANGE = '0190a1b2-0000-7000-8000-000000000001' as ExchangeId;

export async function defaultTerms(): Promise<Terms> {
  return (await readTermsProfiles('deploy/terms')).get('default') as Terms;
}

const submit: CaseEvent = {
  type: 'submit',
  by: byPortal,
  doc: DOC,
  facts: { isExchangeOfSubject: true, unknownElements: [], isSignatureValid: true, isAtDisputeLimit: false },
};
const decide: CaseEvent = {
  ...{ type: 'decide', by: byOwner, outcome: 'ACCEPTED', reasonCode: 'error-confirmed', legalRef: 'art. 12' },
  ...{ remedies: [], accepted: [0], isSignatureValid: true, approvedBy: 'officer-1', doc: DOC },
};
/** From the request to the telling of recipients, one event a step. */
export const PATH: readonly CaseEvent[] = [
  submit,
  { type: 'route', by: byFeedback, isOwnerActive: true },
  { type: 'receive', by: byOwner, receiptOver: DOC },
  { type: 'start', by: byOwner },
  decide,
  {
    ...{ type: 'correct', by: byOwner, values: [{ item: 0, newValueHash: DOC }], effectiveFromMs: 0, doc: DOC },
  },
  {
    ...{ type: 'propagate', by: byFeedback, doc: DOC },
    recipients: [{ subsystem: PORTAL, lastExchangeId: EXCHANGE }],
  },
];

/** A case that has come so many steps along the path, each an hour after the one before, all of them in the log. */
export function sampleCase(terms: Terms, steps: number, events: readonly CaseEvent[] = PATH): KeptCase {
  const draft: CaseRecord = draftCase({
    ...{ correctionId: CASE_ID, publicNumber: 'TE-2026-000001-4', kind: 'ERROR', profile: 'default' },
    ...{ needsTwoPersons: false, portal: PORTAL, owner: OWNER, service: `${OWNER}/persons` as ServiceId },
    items: [{ elementId: 'person.birth-date', jsonPointer: '/born', doubtedHash: DOC }],
    exchangeId: EXCHANGE,
  });
  let record = draft;
  let deadlines: KeptCase['deadlines'] = [];
  for (const [at, event] of events.slice(0, steps).entries()) {
    const step = nextStep({ record, deadlines }, event, terms, FILED_MS + at * 3_600_000);
    if (!step.ok) throw new TypeError(`${event.type}: ${step.reason.code}`);
    record = standing(step.value.record, 'leaf');
    ({ deadlines } = step.value);
  }
  const nothing = Buffer.alloc(0);
  return {
    ...{ id: CASE_ID, record, deadlines, person: { epoch: 1, tag: nothing }, keyId: nothing, subjectEnc: nothing },
    details: {
      ...{ endpoint: 'GET /{pin}', language: 'az' },
      outline: { exchangeId: EXCHANGE, digest: DOC, items: [], evidence: [] },
    },
    ...{
      contentId: CASE_ID,
      sealed: undefined,
      pending: undefined,
      isAstray: false,
      filedMs: FILED_MS,
      workMs: undefined,
    },
  };
}
