import { Faults, faultSettings, NO_FAULTS } from './fault.js';

describe('Faults', () => {
  it('answers at once by default', () => {
    expect(new Faults().next()).toEqual({ kind: 'answer', latencyMs: 0 });
  });

  it('spreads errors evenly and exactly', () => {
    const faults = new Faults();
    faults.set({ ...NO_FAULTS, errorRate: 0.25 });
    const kinds = Array.from({ length: 100 }, () => faults.next().kind);
    expect(kinds.filter((kind) => kind === 'error')).toHaveLength(25);
    expect(kinds.slice(0, 4)).toEqual(['answer', 'answer', 'answer', 'error']);
  });

  it.each([
    ['hang', 'hang'],
    ['down', 'cut'],
  ] as const)('in mode %s lets a call %s', (mode, kind) => {
    const faults = new Faults();
    faults.set({ ...NO_FAULTS, mode });
    expect(faults.next().kind).toBe(kind);
  });

  it.each([{ latencyMs: -1 }, { errorRate: 1.1 }, { mode: 'slow' }, { latency: 5 }, 'hang', null])(
    'refuses the settings %j',
    (settings) => expect(faultSettings.safeParse(settings).success).toBe(false),
  );
});
