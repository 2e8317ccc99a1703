import { describe, expect, it } from '@jest/globals';
import { createLogger } from '#platform';
import { witnessErrors } from '../witness/witness.errors.js';
import { sequencerErrors } from './sequencer.errors.js';
import { TakeoverRefusals } from './takeover-refusals.service.js';

const LEASE_MS = 40;
const refusals = () => {
  const lines: string[] = [];
  const logger = createLogger('spec', { destination: { write: (line) => void lines.push(line) } });
  return { lines, refusals: new TakeoverRefusals(LEASE_MS, logger) };
};
const silent = () => witnessErrors.error('witnesses-silent');
const asideMs = async (one: TakeoverRefusals, signal = new AbortController().signal) => {
  const sinceMs = performance.now();
  await one.standAside(signal);
  return performance.now() - sinceMs;
};

describe('a takeover that was refused', () => {
  it.each([
    silent(),
    witnessErrors.error('exported-checkpoint'),
    sequencerErrors.error('checkpoints-unread'),
    sequencerErrors.error('log-key-mismatch'),
    sequencerErrors.error('instance-key-unknown'),
  ])('gives the log back for a reason of this host, and leaves it to others for some leases: %s', async (cause) => {
    const { refusals: one } = refusals();
    expect(one.refuse(cause)).toBe(true);
    expect(await asideMs(one)).toBeGreaterThanOrEqual(2 * LEASE_MS);
    expect(one.standing).toBe(cause.code);
    one.end();
    expect([one.standing, (await asideMs(one)) < LEASE_MS]).toEqual([undefined, true]);
  });

  it.each([
    sequencerErrors.error('log-damaged'),
    sequencerErrors.error('log-behind'),
    witnessErrors.error('log-forked'),
    sequencerErrors.error('stamp-topic-truncated'),
    new TypeError('of this spec'),
  ])('keeps the log where another would fare no better: %s', async (cause) => {
    const { refusals: one } = refusals();
    expect(one.refuse(cause)).toBe(false);
    expect(one.standing).toBe('code' in cause ? cause.code : 'unknown');
    expect(await asideMs(one)).toBeLessThan(LEASE_MS);
  });

  it('is logged once per cause, and again after it was over', () => {
    const { lines, refusals: one } = refusals();
    const cause = silent();
    for (const again of [silent(), silent(), cause]) one.refuse(again);
    expect([lines.length, one.isTold(cause), one.isTold(silent()), one.isTold(undefined)]).toEqual([
      1,
      true,
      false,
      false,
    ]);
    one.refuse(sequencerErrors.error('log-behind'));
    one.refuse(silent());
    expect(lines).toHaveLength(3);
    one.end();
    one.refuse(silent());
    expect(lines).toHaveLength(4);
  });

  it('does not hold up the end', async () => {
    const { refusals: one } = refusals();
    one.refuse(silent());
    expect(await asideMs(one, AbortSignal.abort())).toBeLessThan(LEASE_MS);
  });
});
