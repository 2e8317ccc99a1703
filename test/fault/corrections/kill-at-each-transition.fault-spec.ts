import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { startBus, type BusUnderTest } from '../../system/spec-support/bus-under-test.js';
import { freshSeed } from '../chaos/settings.js';
import {
  appealedPath,
  CORRECTED_DEEDS,
  correctedPath,
  drill,
  drillInstance,
  racedPath,
  transferredPath,
  withdrawnPath,
  type DrillReport,
} from './drill.js';
import { Inbox } from './inbox.js';
import { Race } from './race.js';
import { VICTIMS, type Victim } from './reaper.js';
import { renderDrill } from './table.js';

jest.setTimeout(15 * 60_000);

/** Of the six minutes the rest is for the start and for coming to rest. */
const KILL_MS = 4 * 60_000;
const RACES = 3;
/** Who files and who carries the case: they die at every transition, however long that takes. */
const AT_EACH: readonly Victim[] = ['gateway', 'feedback'];

describe('kill -9 of every process at every transition of a case', () => {
  let bus: BusUnderTest;
  let inbox: Inbox;
  let race: Race;
  let report: DrillReport;

  beforeAll(async () => {
    inbox = await Inbox.open();
    bus = await startBus(drillInstance(inbox));
    race = new Race(bus.instance, inbox);
    report = await drill({
      ...{ instance: bus.instance, inbox, seed: freshSeed(), killMs: KILL_MS },
      waves: (random, scene) => {
        const [kafkaAt = '', postgresAt = ''] = random.shuffled(['routed', 'review-started', 'decided', 'propagating']);
        const services = { [kafkaAt]: 'kafka', [postgresAt]: 'postgres' } as const;
        const killing = [
          ...VICTIMS.map((victim) => correctedPath(`kills ${victim}`, () => victim, AT_EACH.includes(victim))),
          correctedPath('kills services', (deed) => services[deed]),
          withdrawnPath(random.pick(VICTIMS)),
          appealedPath(random),
          transferredPath(random),
        ];
        const raced = Array.from({ length: RACES }, (_, at) =>
          racedPath(`race ${at + 1}`, (walk) => race.decide(scene, walk)),
        );
        return [killing, raced];
      },
    });
    process.stdout.write(`${renderDrill(report)}\n`);
  });
  afterAll(async () => {
    await race.stop();
    await bus.end();
    await inbox.close();
  });

  it('leaves exactly one leaf per transition, no doubled notice and no lost delivery', () => {
    expect(report.stuck).toEqual([]);
    expect(report.breaches).toEqual([]);
  });

  it('lets one of two case workers win who decide at once, and tells the other', () => {
    const told = { winners: 1, hint: expect.any(String), isWinnersWord: true };
    const loser = expect.stringMatching(/^409 (unstamped|decided-already|too-late)$/);
    expect(race.raced).toEqual(Array.from({ length: RACES }, () => ({ ...told, loser })));
  });

  it.each([...AT_EACH])('killed %s at each transition of its case', (victim) => {
    const own = report.rows.filter((row) => row.path === `kills ${victim}` && row.victim === victim);
    expect(own.map(({ deed }) => deed).sort()).toEqual([...CORRECTED_DEEDS].sort());
  });

  // On a busy machine the time ends before the last transitions do; what was not killed is walked all the same.
  it.each(VICTIMS.filter((victim) => !AT_EACH.includes(victim)))(
    'killed %s at several transitions at least',
    (victim) => {
      expect(report.rows.filter((row) => row.victim === victim).length).toBeGreaterThanOrEqual(5);
    },
  );
});
