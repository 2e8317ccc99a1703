import { describe, expect, it } from '@jest/globals';
import { silentLogger } from '#platform';
import { postgresErrors } from '#postgres';
import { LogLease } from './log-lease.service.js';
import { sequencerErrors } from './sequencer.errors.js';

/** Waits are parts of it: none is long, and no time that is judged is the machine's. */
const LEASE_MS = 8;

/** A log that answers claims and renewals as scripted, in order; the last answer stays. A claim takes `claimMs`. */
const leaseOn = ({ hears = [true], claims = [true], renewals = ['ours'], claimMs = 0 }: Partial<Script>) => {
  const asked: (number | undefined)[] = [];
  const fenced: string[] = [];
  const owned: number[] = [];
  let [heard, renewed, nowMs] = [0, 0, 1_000_000];
  const sequencer = {
    isClaimed: true,
    claim: (leaseMs: number | undefined) => {
      asked.push(leaseMs);
      nowMs += claimMs;
      const answer = at(claims, asked.length - 1);
      return typeof answer === 'boolean' ? Promise.resolve(answer) : Promise.reject(answer);
    },
    renew: () => {
      const answer = at(renewals, renewed++);
      if (answer === 'ours') return Promise.resolve();
      sequencer.isClaimed = answer !== 'fenced';
      return Promise.reject(answer === 'fenced' ? sequencerErrors.error('log-fenced') : away());
    },
  };
  const lease = new LogLease({
    sequencer,
    leaseMs: LEASE_MS,
    hears: () => Promise.resolve(at(hears, heard++)),
    onFenced: ({ code }) => fenced.push(code),
    onOwned: () => owned.push(asked.length),
    clock: { now: () => nowMs },
    logger: silentLogger(),
  });
  return { lease, asked, fenced, owned, sequencer, counts: () => ({ heard, renewed }) };
};

interface Script {
  readonly hears: readonly boolean[];
  readonly claims: readonly (boolean | Error)[];
  readonly renewals: readonly ('ours' | 'fenced' | 'away')[];
  readonly claimMs: number;
}

const at = <Item>(items: readonly Item[], index: number): Item => items[Math.min(index, items.length - 1)] as Item;
const away = () => postgresErrors.error('database-unavailable');
const { signal: never } = new AbortController();

describe('who stands by', () => {
  it('claims what is silent for a lease, again and again until it has it', async () => {
    const { lease, asked, owned } = leaseOn({ claims: [false, false, true] });
    expect(await lease.claimed(never)).toBe(true);
    expect(asked).toEqual([LEASE_MS, LEASE_MS, LEASE_MS]);
    expect(owned).toEqual([1, 2]);
  });

  it('claims nothing while it would not hear the stamps', async () => {
    const { lease, asked, owned } = leaseOn({ hears: [false, false, true] });
    expect(await lease.claimed(never)).toBe(true);
    expect([asked.length, owned]).toEqual([1, []]);
  });

  it.each([
    ['broker', leaseOn({ hears: [true, false, true], claims: [false, false, true] })],
    ['database', leaseOn({ claims: [false, away(), false, true] })],
  ])('takes only what was given back from an owner that was silent while the %s was', async (_what, on) => {
    expect(await on.lease.claimed(never)).toBe(true);
    expect(on.asked.at(-1)).toBeUndefined();
  });

  it('claims what is silent again when all has been well for a lease', async () => {
    const { lease, asked } = leaseOn({ claims: [away(), false, false, false, true], claimMs: LEASE_MS / 2 });
    expect(await lease.claimed(never)).toBe(true);
    expect(asked).toEqual([LEASE_MS, undefined, undefined, LEASE_MS, LEASE_MS]);
  });

  it('ends when it is told to', async () => {
    const ending = new AbortController();
    const { lease, asked } = leaseOn({ claims: [false] });
    const claimed = lease.claimed(ending.signal);
    ending.abort();
    expect(await claimed).toBe(false);
    expect(asked.length).toBeLessThan(2);
  });
});

describe('an owner', () => {
  it('renews until another has the log, and tells of it', async () => {
    const { lease, fenced, counts } = leaseOn({ renewals: ['ours', 'ours', 'fenced'] });
    await lease.hold(never);
    expect(counts().renewed).toBe(3);
    expect(fenced).toEqual(['log-fenced']);
  });

  it('goes on when the database does not answer: that is no word of another owner', async () => {
    const { lease, fenced, counts } = leaseOn({ renewals: ['away', 'away', 'ours', 'fenced'] });
    await lease.hold(never);
    expect(counts().renewed).toBe(4);
    expect(fenced).toHaveLength(1);
  });

  it('does not renew while it hears no stamps, so that one who does may take over', async () => {
    const { lease, counts } = leaseOn({ hears: [false, false, true], renewals: ['fenced'] });
    await lease.hold(never);
    expect(counts()).toEqual({ heard: 3, renewed: 1 });
  });
});
