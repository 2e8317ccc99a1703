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

/** A window with one leaf of its own, one of its predecessor, and one that stands in both. */
function windowAt(nowMs: number, untilMs: number): IntakeWindow {
  const before = {
    logId: 1,
    note: 'note',
    size: 9,
    untilMs,
    store: storeOf({ old: leaf(3), both: leaf(4) }),
    paths: {},
  };
  const store = storeOf({ young: leaf(0), both: leaf(1) });
  return new IntakeWindow(store as never, {} as never, before as never, { now: () => nowMs });
}

const found = async (window: IntakeWindow) => {
  const { byHash, bySlot } = await window.standing([] as Stamp[]);
  expect([...bySlot]).toEqual([...byHash]);
  return Object.fromEntries([...byHash].map(([key, { index, logId }]) => [key, [logId, index]]));
};

describe('what stands, for intake', () => {
  it('stands in the window before as well, and what stands in both stands here', async () => {
    expect(await found(windowAt(1, 2))).toEqual({ old: [1, 3], both: [undefined, 1], young: [undefined, 0] });
  });

  it('stands there no longer than it is looked into', async () => {
    expect(await found(windowAt(2, 2))).toEqual({ both: [undefined, 1], young: [undefined, 0] });
  });
});

it('a closed window is frozen once nobody looks into it', () => {
  expect(stateOf({ closedAtMs: undefined, nowMs: 1 })).toBe('open');
  expect(stateOf({ closedAtMs: 1, nowMs: LOOK_BACK_MS })).toBe('closed');
  expect(stateOf({ closedAtMs: 1, nowMs: LOOK_BACK_MS + 1 })).toBe('frozen');
});
