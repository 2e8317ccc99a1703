import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { newExchangeId, toBase64Url } from '#kernel';
import { jwkSigner, signStatement, type StatementPayload } from '#signing';
import { eventually } from '#testing';
import { CONSUMER, forge, PROVIDER, SERVICE } from '../audit/audit-network.js';
import { HostileNetwork } from './hostile-network.js';

jest.setTimeout(120_000);

/** What the operator signs with: the registry's key, feedback's, and those of the gateways that he runs himself. */
const OPERATORS = ['TEST/registry1', 'TEST/feedback1', 'TEST/gw2', 'TEST/GOV/1009/operator'];
const [H0, H1] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)].map((bytes) => `h1:${toBase64Url(bytes)}`);
const parties = { from: CONSUMER, to: PROVIDER };
const prev = toBase64Url(Buffer.alloc(32, 3));
const step = { ...parties, seq: 3, was: 'ROUTED', prev };
const exchange = { ...parties, svc: SERVICE, ep: 'GET /{pin}' };

/** Everything that is a member's alone to say, as its own statement would say it. */
const MEMBERS_WORDS: readonly Readonly<Record<string, unknown>>[] = [
  { t: 'exchange.requested', ...exchange, pur: 'citizen-view', law: 'LB-1', req: H0, subj: [], snap: 2 },
  { t: 'exchange.answered', ...exchange, st: 200, res: H0, prev, snap: 2 },
  { t: 'exchange.refused', ...exchange, why: 'agreement-missing', prev, snap: 2 },
  { t: 'exchange.failed', ...exchange, why: 'agency-timeout', side: 'provider-system', prev },
  { t: 'question.answered', ...parties, prev, doc: H0 },
  { t: 'correction.submitted', ...parties, seq: 1, was: 'DRAFT', now: 'SUBMITTED', subj: [`c1:${prev}`], doc: H0 },
  { t: 'correction.received', ...step, now: 'RECEIVED', doc: H0 },
  { t: 'correction.review-started', ...step, now: 'RECEIVED' },
  { t: 'correction.info-requested', ...step, now: 'RECEIVED', why: 'value-unclear', doc: H0 },
  { t: 'correction.info-provided', ...step, now: 'RECEIVED', doc: H0 },
  { t: 'correction.extended', ...step, now: 'RECEIVED', why: 'study-needed', due: 1_900_000_000_000 },
  { t: 'correction.decided', ...step, now: 'RECEIVED', why: 'data-correct', doc: H0 },
  { t: 'correction.joined', ...step, now: 'RECEIVED', why: 'mass-correction', ref: 'a', doc: H0 },
  { t: 'correction.corrected', ...step, now: 'RECEIVED', until: 1_900_000_000_000, doc: H0 },
  { t: 'correction.verified', ...step, now: 'RECEIVED', doc: H0 },
  { t: 'correction.withdrawn', ...step, now: 'WITHDRAWN' },
  { t: 'correction.recipient-acked', ...parties, now: 'APPLIED', doc: H1 },
];

describe('whoever has the keys of registry and feedback, and those of the operator’s own gateways', () => {
  let network: HostileNetwork;

  beforeAll(async () => {
    network = await HostileNetwork.create();
  });
  afterAll(() => network.close());

  const fields = (said: Readonly<Record<string, unknown>>) =>
    ({ v: 1, id: newExchangeId(), ts: Date.now(), ...said }) as unknown as StatementPayload;
  const keyOf = (owner: string) => network.world.keysOf(owner).sign;

  it.each(MEMBERS_WORDS.map((said) => [String(said['t']), said] as const))(
    'cannot say %s: intake knows whose word it is',
    async (_type, said) => {
      for (const owner of OPERATORS) {
        const forged = await signStatement(fields(said), jwkSigner(keyOf(owner)));
        expect([owner, await network.audit.refusalOf(forged)]).toEqual([owner, 'signer-unknown']);
      }
    },
  );

  it('cannot sign with its own key under the name of a member’s', async () => {
    const requested = await network.audit.requested();
    await network.audit.stampAndWait(requested);
    const answered = await network.audit.answered(requested);
    const forged = await forge(answered.payload, keyOf('TEST/feedback1'), keyOf(PROVIDER).kid);
    const before = network.audit.deadLetters.length;
    await network.audit.stamp([forged]);
    const letter = await eventually(() => network.audit.deadLetters[before], { timeoutMs: 15_000 });
    expect(letter.value.equals(forged)).toBe(true);
    expect(await network.leavesOf(requested.payload.id)).toEqual([`exchange.requested by ${CONSUMER}`]);
  });

  it.each(['event.published', 'registry.approved', 'correction.settled'])(
    'cannot bring in statements of a kind that nobody has agreed on: %s',
    async (type) => {
      const forged = await forge(fields({ t: type, ...parties, doc: H0 }), keyOf('TEST/feedback1'));
      const before = [network.audit.deadLetters.length, (await network.audit.leaves()).length] as const;
      await network.audit.stamp([forged]);
      await eventually(() => network.audit.deadLetters.length > before[0], { timeoutMs: 15_000 });
      expect((await network.audit.leaves()).length).toBe(before[1]);
    },
  );

  it('cannot take a member’s place in a log that goes on: its own statements stand beside all that', async () => {
    const requested = await network.audit.requested();
    expect((await network.audit.stampAndWait(requested)).isProven).toBe(true);
    expect((await network.audit.stampAndWait(await network.audit.answered(requested))).isProven).toBe(true);
  });
});
