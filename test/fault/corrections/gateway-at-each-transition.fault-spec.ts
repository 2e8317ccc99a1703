import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { startBus, type BusUnderTest } from '../../system/spec-support/bus-under-test.js';
import { freshSeed } from '../chaos/settings.js';
import { CORRECTED_DEEDS, correctedPath, drill, drillInstance, type DrillReport } from './drill.js';
import { Inbox } from './inbox.js';
import { renderDrill } from './table.js';

jest.setTimeout(10 * 60_000);

let bus: BusUnderTest;
let inbox: Inbox;
let report: DrillReport;

// One case and one victim of those of `kill-at-each-transition`: short enough for every run of all tests.
beforeAll(async () => {
  inbox = await Inbox.open();
  bus = await startBus(drillInstance(inbox));
  report = await drill({
    ...{ instance: bus.instance, inbox, seed: freshSeed(), killMs: 0 },
    waves: () => [[correctedPath('kills gateway', () => 'gateway', true)]],
  });
  process.stdout.write(`${renderDrill(report)}\n`);
});
afterAll(async () => {
  await bus.end();
  await inbox.close();
});

it('leaves exactly one leaf per transition when the gateway is killed at each of them', () => {
  expect(report.stuck).toEqual([]);
  expect(report.breaches).toEqual([]);
  const killed = report.rows.filter(({ victim }) => victim === 'gateway');
  expect(killed.map(({ deed }) => deed).sort()).toEqual([...CORRECTED_DEEDS].sort());
});
