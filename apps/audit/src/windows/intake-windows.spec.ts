import { describe, expect, it } from '@jest/globals';
import type { Stamp } from '../intake/stamp.js';
import type { Standing, StandingLeaf } from '../intake/verdict.js';
import { IntakeWindow } from './intake-windows.service.js';
import { LOOK_BACK_MS, stateOf } from './window-state.js';

const leaf = (index: number): StandingLeaf => ({
  xid: Buffer.alloc(16),
  slot: 'c0',
  signer: 'TEST/x',
  leafHash: Buffer.alloc(32, index),
  index,
});
const storeOf = (leaves: Record<string, StandingLeaf>) => ({
  standing: (): Promise<Standing> => {
    const map = new Map(Object.entries(leaves));
    return Promise.resolve({ byHash: map, bySlot: map });
  },
});

/** A window with one leaf of its own, one of each of two before it, and some that stand in several. */
function windowAt(nowMs: number, untilMs: number): IntakeWindow {
  const beforeOf = (logId: number, leaves: Record<string, StandingLeaf>, until: number) => {
    return { logId, note: 'note', size: 9, untilMs: until, store: storeOf(leaves), paths: {} };
  };
  const before = [
    beforeOf(1, { oldest: leaf(3), all: leaf(4) }, untilMs),
    beforeOf(2, { old: leaf(3), both: leaf(4), all: leaf(5) }, untilMs + 1),
  ];
  const store = storeOf({ young: leaf(0), both: leaf(1), all: leaf(2) });
  return new IntakeWindow(2, store as never, {} as never, before as never, { now: () => nowMs });
}

const found = async (window: IntakeWindow) => {
  const { byHash, bySlot } = await window.standing([] as Stamp[]);
  expect([...bySlot]).toEqual([...byHash]);
  return Object.fromEntries([...byHash].map(([key, { index, logId }]) => [key, [logId, index]]));
};

describe('what stands, for intake', () => {
  const here = { young: [undefined, 0], both: [undefined, 1], all: [undefined, 2] };

  it('stands in any window before as well, and what stands in several stands here', async () => {
    expect(await found(windowAt(1, 2))).toEqual({ oldest: [1, 3], old: [2, 3], ...here });
  });

  it('stands in each no longer than that is looked into', async () => {
    expect(await found(windowAt(2, 2))).toEqual({ old: [2, 3], ...here });
    expect(await found(windowAt(3, 2))).toEqual(here);
  });
});

describe('a case that has rested', () => {
  const ID = '019ac1a4-7a3c-7000-8000-000000000001';
  const step = (seq: number) => ({ parsed: { ok: true, value: { payload: { id: ID, seq } } } }) as unknown as Stamp;
  const slots = new Map([
    [`${ID} s1`, { ...leaf(1), slot: 's1', logId: 1 }],
    [`${ID} s2`, { ...leaf(2), slot: 's2', logId: 1 }],
  ]);
  const at = (nowMs: number) => {
    const frozen = { logId: 1, note: 'note', size: 9, untilMs: 5, store: storeOf({}), paths: {} };
    const slotsIn = (logIds: readonly number[]) => Promise.resolve(logIds.includes(1) ? slots : new Map());
    const store = { ...storeOf({}), slotsIn };
    return new IntakeWindow(2, store as never, {} as never, [frozen] as never, { now: () => nowMs });
  };

  it('is followed from a window that nobody else looks into', async () => {
    const { bySlot, byHash } = await at(9).standing([step(3)]);
    expect(bySlot.get(`${ID} s2`)).toMatchObject({ index: 2, logId: 1 });
    expect(byHash.size).toBe(0);
  });

  it('takes no step twice, and lets nobody begin it anew', async () => {
    expect((await at(9).standing([step(2)])).bySlot.has(`${ID} s2`)).toBe(true);
    expect((await at(9).standing([step(1)])).bySlot.has(`${ID} s1`)).toBe(true);
  });

  it('is not looked for where everything that stands is looked into anyhow', async () => {
    expect((await at(4).standing([step(3)])).bySlot.size).toBe(0);
  });
});

it('a closed window is frozen once nobody looks into it', () => {
  expect(stateOf({ closedAtMs: undefined, nowMs: 1 })).toBe('open');
  expect(stateOf({ closedAtMs: 1, nowMs: LOOK_BACK_MS })).toBe('closed');
  expect(stateOf({ closedAtMs: 1, nowMs: LOOK_BACK_MS + 1 })).toBe('frozen');
});
