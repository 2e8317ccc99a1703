import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { startBus, type BusUnderTest } from '../../system/spec-support/bus-under-test.js';
import { CHAOS_INSTANCE, runChaos } from './chaos.js';
import { KINDS, USUAL_GAP_MS } from './kill-plan.js';
import { renderReport, type ChaosReport } from './report.js';

jest.setTimeout(15 * 60_000);

/**
 * Always the same kills, among them three of the broker and of the database, which stop everything: so the share of good
 * exchanges can be compared from one run to the next. `npm run chaos` takes a new seed each time.
 */
const SEED = 83;

const say = (line: string) => process.stdout.write(`${line}\n`);

describe('two minutes in which whatever the bus is made of is killed', () => {
  let bus: BusUnderTest;
  let report: ChaosReport;
  beforeAll(async () => {
    bus = await startBus(CHAOS_INSTANCE);
    const settings = { minutes: 2, seed: SEED, rate: 20, kinds: KINDS, gapMs: USUAL_GAP_MS, keep: undefined };
    report = await runChaos({ instance: bus.instance, settings, tell: say });
    say(renderReport(report));
  });
  afterAll(() => bus.end());

  it.each(KINDS)('killed %s at least three times', (kind) => {
    expect(report.killed.filter((kill) => kill.kind === kind).length).toBeGreaterThanOrEqual(3);
  });

  it('leaves three ledgers that agree, and evidence of every released answer that verifies', () => {
    expect(report.breaches).toEqual([]);
    expect(report.evidence.checked).toBe(report.evidence.released);
  });

  it('leaves three exchanges in ten good', () => {
    expect(report.goodShare).toBeGreaterThanOrEqual(0.3);
  });
});
