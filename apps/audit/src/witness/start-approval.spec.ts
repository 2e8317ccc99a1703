import { describe, expect, it } from '@jest/globals';
import { generateSigningKey, jwkSigner, publicJwk, signDocument, type PrivateJwk } from '#signing';
import { checkApproval, type StartApproval } from './start-approval.js';

const NOW = 1_800_000_000_000;
const [one, two, stranger] = [generateSigningKey(), generateSigningKey(), generateSigningKey()];
const operatorOf = (key: PrivateJwk) => ({ ...publicJwk(key), kid: key.kid });
const context = { operators: [one, two].map(operatorOf), log: 'audit.test.example/0', size: 40, nowMs: NOW };
const sign = (key: PrivateJwk, changes: Partial<StartApproval> & Record<string, unknown> = {}) =>
  signDocument('kerege-start+jwt', { log: context.log, size: 40, ts: NOW, ...changes }, jwkSigner(key));
const check = async (...lines: Promise<string>[]) => checkApproval((await Promise.all(lines)).join('\n'), context).ok;

describe('checkApproval', () => {
  it('needs two operators for this log at this size', async () => {
    expect(await check(sign(one), sign(two))).toBe(true);
    expect(await check(Promise.resolve(''), sign(two), Promise.resolve('rubbish'), sign(one))).toBe(true);
  });

  it.each([
    ['one operator', () => [sign(one)]],
    ['one operator twice', () => [sign(one), sign(one, { ts: NOW - 1 })]],
    ['a stranger', () => [sign(one), sign(stranger)]],
    ['another log', () => [sign(one), sign(two, { log: 'other.example/0' })]],
    ['another size', () => [sign(one), sign(two, { size: 41 })]],
    ['one of yesterday', () => [sign(one), sign(two, { ts: NOW - 24 * 60 * 60_000 })]],
    ['one of tomorrow', () => [sign(one), sign(two, { ts: NOW + 24 * 60 * 60_000 })]],
    ['something more', () => [sign(one), sign(two, { until: 0 })]],
    ['nothing', () => []],
  ] as [string, () => Promise<string>[]][])('does not take %s for it', async (_what, lines) => {
    expect(await check(...lines())).toBe(false);
  });

  it('does not count one key under two names', () => {
    const operators = [operatorOf(one), { ...operatorOf(one), kid: 'other' }];
    return Promise.all([sign(one), sign(one)]).then((lines) =>
      expect(checkApproval(lines.join('\n'), { ...context, operators }).ok).toBe(false),
    );
  });
});
