import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  ANSWER_BODY,
  buildEvidence,
  bytesOf,
  CONSUMER,
  keys,
  logSigner,
  otherLog,
  PROVIDER,
  trustOf,
  type Plan,
} from '../../../../test/conformance/evidence-sample.js';
import { verifyEvidence } from './index.js';

const trust = trustOf();
const judge = (evidence: object, from = trust): string => {
  const result = verifyEvidence(bytesOf(evidence), from);
  return result.ok ? `ok ${result.value.outcome}` : `${result.reason.code} ${result.reason.where}`;
};
const judgePlan = async (plan: Partial<Plan>): Promise<string> => judge(await buildEvidence(plan));

describe('verifyEvidence', () => {
  it('accepts an answered exchange and says what it checked and what it could not', async () => {
    const result = verifyEvidence(bytesOf(await buildEvidence()), trust, { answerBody: ANSWER_BODY });
    if (!result.ok) throw new TypeError(result.reason.code);
    expect(result.value).toMatchObject({
      consumer: CONSUMER,
      provider: PROVIDER,
      service: `${PROVIDER}/persons`,
      purpose: 'citizen-view',
      outcome: 'answered',
      disclosed: true,
      status: 200,
      log: 'audit.demo.example/DEMO/0/2026h2',
      persons: [{ kind: 'subject', country: 'DEMO', type: 'PIN', code: 'TEST000001' }],
    });
    expect(result.value.leaves.map(({ slot, signer, index }) => [slot, signer, index])).toEqual([
      ['c0', CONSUMER, 2],
      ['p1', PROVIDER, 4],
    ]);
    expect(result.value.checked).toContain('the given file is the body of the answer');
    expect(result.value.unchecked.join('\n')).toContain('no later manifest stands between');
    expect(result.value.unchecked.join('\n')).not.toContain('--answer');
  });

  it.each([
    ['refused', 'ok refused'],
    ['failed', 'ok failed'],
    ['provider-failed', 'ok failed'],
    ['swept', 'ok failed'],
    ['none', 'ok none'],
  ] as const)('accepts an exchange that ended as %s', async (outcome, expected) => {
    expect(await judgePlan({ outcome })).toBe(expected);
  });

  it('names the person who runs audit as unchecked where audit’s word is the outcome', async () => {
    const result = verifyEvidence(bytesOf(await buildEvidence({ outcome: 'swept' })), trust);
    expect(result.ok && result.value.leaves[1]?.slot).toBe('b1');
    expect(result.ok && result.value.unchecked).toContain('that DEMO/GOV/1009 runs the audit service DEMO/audit1');
  });

  it('judges each statement by the manifest that was last before it', async () => {
    const evidence = await buildEvidence({ renewed: true });
    expect(judge(evidence)).toBe('ok answered');
    evidence['statements'][1].governing = 0;
    expect(judge(evidence)).toBe('manifest-governing statements[1]');
    expect(await judgePlan({ early: true })).toBe('manifest-governing statements[0]');
  });

  it('takes the key that was in force at the statement’s own index, not an older or a newer one', async () => {
    expect(await judgePlan({ renewed: true, rekeyed: true, outcomeBy: keys.providerNext })).toBe('ok answered');
    expect(await judgePlan({ renewed: true, rekeyed: true, outcomeBy: keys.provider })).toBe(
      'statement-signer statements[1]',
    );
    expect(await judgePlan({ renewed: true, outcomeBy: keys.providerNext })).toBe('statement-signer statements[1]');
  });

  describe('with a request in one window of the log and its outcome in the next', () => {
    const shard = 'audit.demo.example/DEMO/0';
    const next = otherLog(`${shard}/2026h2-2`);
    const bothTrusted = (other = next) => trustOf({ logs: [logSigner.vkey, other.vkey] });

    it('accepts it if both keys are trusted, and says that the border was not checked', async () => {
      const result = verifyEvidence(bytesOf(await buildEvidence({ sequelIn: next })), bothTrusted());
      if (!result.ok) throw new TypeError(result.reason.code);
      expect(result.value.leaves.map(({ log, index }) => [log, index])).toEqual([
        [`${shard}/2026h2`, 2],
        [next.name, 2],
      ]);
      expect(result.value.unchecked).toContain(
        `that ${shard}/2026h2 and ${next.name} follow one another (needs both logs: verify-log)`,
      );
      expect(result.value.unchecked.join('\n')).not.toContain(' 3, 4 leaves');
    });

    it('refuses it if one is not', async () => {
      expect(judge(await buildEvidence({ sequelIn: next }))).toBe('checkpoint-malformed manifests[1]');
    });

    it.each([
      'audit.demo.example/DEMO/1/2027h1',
      'audit.demo.example/OTHER/0/2027h1',
      `${shard}/2027q1`,
      `${shard}/x/2027h1`,
    ])('refuses it if the other log is no window of the same shard: %s', async (origin) => {
      const other = otherLog(origin);
      expect(judge(await buildEvidence({ sequelIn: other }), bothTrusted(other))).toBe('log-forked proofs');
    });

    it('judges each statement by a manifest of its own window', async () => {
      const evidence = await buildEvidence({ sequelIn: next });
      evidence['statements'][1].governing = 0;
      expect(judge(evidence, bothTrusted())).toBe('manifest-governing statements[1]');
    });

    it('takes the manifests in one order only', async () => {
      const evidence = await buildEvidence({ sequelIn: next });
      evidence['manifests'].reverse();
      evidence['statements'][0].governing = 1;
      evidence['statements'][1].governing = 0;
      expect(judge(evidence, bothTrusted())).toBe('manifest-order manifests');
    });
  });

  it('compares a given answer with the one that was signed', async () => {
    const evidence = bytesOf(await buildEvidence());
    const other = verifyEvidence(evidence, trust, { answerBody: Buffer.from('{}') });
    expect(other).toEqual({ ok: false, reason: { code: 'answer-body', where: 'answer' } });
    const none = verifyEvidence(bytesOf(await buildEvidence({ outcome: 'failed' })), trust, {
      answerBody: ANSWER_BODY,
    });
    expect(none).toEqual({ ok: false, reason: { code: 'answer-body', where: 'answer' } });
  });

  it.each<[string, Partial<Plan>, string]>([
    ['a request signed by a stranger', { requestedBy: keys.stranger }, 'statement-signer statements[0]'],
    ['a request signed by the provider', { requestedBy: keys.provider }, 'statement-signer statements[0]'],
    ['an answer signed by the consumer', { outcomeBy: keys.consumer }, 'statement-signer statements[1]'],
    ['an answer signed by audit', { outcomeBy: keys.audit }, 'statement-signer statements[1]'],
    [
      'a sweep with another reason',
      { outcome: 'swept', outcomeFields: { why: 'gateway-lost' } },
      'statement-signer statements[1]',
    ],
    ['an ended key', { providerKeyUntil: '2026-08-31T00:00:00Z' }, 'statement-signer statements[1]'],
    ['another request’s answer', { outcomeFields: { prev: 'A'.repeat(43) } }, 'statement-not-a-sequel statements[1]'],
    [
      'an answer between other parties',
      { outcomeFields: { from: 'DEMO/GOV/1000/other' } },
      'statement-not-a-sequel statements[1]',
    ],
    ['an answer of another status', { outcomeFields: { st: 404 } }, 'answer-digest answer'],
    ['another answer', { outcomeFields: { res: `h1:${'A'.repeat(43)}` } }, 'answer-digest answer'],
    ['a forged manifest', { manifestBy: keys.stranger }, 'manifest-signature manifests[0]'],
    ['another digest list', { manifestFields: { doc: `h0:${'A'.repeat(43)}` } }, 'manifest-digests manifests[0]'],
  ])('refuses %s', async (_what, plan, expected) => {
    expect(await judgePlan(plan)).toBe(expected);
  });
});

describe('verifyEvidence with another trust.json', () => {
  let evidence: object;
  beforeAll(async () => void (evidence = await buildEvidence()));

  it('refuses it under another registry key or another log key', () => {
    const { x } = keys.stranger;
    const registry = [{ kty: 'OKP', crv: 'Ed25519', x, kid: keys.stranger.kid }];
    expect(judge(evidence, trustOf({ registry }))).toBe('manifest-signature manifests[0]');
    const logs = ['audit.example.gov/exchange/2026h2+afbaca12+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4'];
    expect(judge(evidence, trustOf({ logs }))).toBe('checkpoint-malformed manifests[0]');
  });

  it('refuses what is no trust file', () => {
    const bad = [{ v: 2 }, { logs: [] }, { logs: ['x'] }, { registry: [] }, { registry: [{ kty: 'oct' }] }];
    for (const change of bad) expect(judge(evidence, trustOf(change))).toBe('trust-invalid trust');
    expect(judge(evidence, Buffer.from('{'))).toBe('trust-invalid trust');
  });

  it('ignores every key that the evidence itself brings', () => {
    // The consumer may be as trusted as it likes: the log's key is not its to choose.
    expect(judge({ ...evidence, trust: JSON.parse(trust.toString()) })).toBe('evidence-malformed evidence');
  });
});
