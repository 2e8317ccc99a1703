import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { freePort } from '#local';
import { processRunner } from '#testing';
import { connectorEnv } from '../../../apps/sandbox/src/instance/app-plan.js';
import type { Instance } from '../../../apps/sandbox/src/instance/instance.js';
import { startBus, type BusUnderTest } from '../../system/spec-support/bus-under-test.js';
import { freshSeed } from '../chaos/settings.js';
import type { Told } from './actors.js';
import {
  appealedPath,
  correctedPath,
  drill,
  drillInstance,
  racedPath,
  withdrawnPath,
  type DrillReport,
} from './drill.js';
import { Inbox } from './inbox.js';
import { VICTIMS } from './reaper.js';
import { renderDrill } from './table.js';
import { decision, type Scene, type Walk } from './walk.js';

jest.setTimeout(15 * 60_000);

/** Of the six minutes the rest is for the start and for coming to rest. */
const KILL_MS = 4 * 60_000;
const RACES = 3;
const REASONS = ['error-confirmed', 'record-outdated'] as const;
const runner = processRunner();

describe('kill -9 of every process at every transition of a case', () => {
  let bus: BusUnderTest;
  let inbox: Inbox;
  let report: DrillReport;
  const races: Told[][] = [];
  const reasons: (string | undefined)[] = [];
  let second: Promise<string> | undefined;

  /** Both at once, each over a process of its own; with different reasons, so that the log tells whose word it has. */
  const decide = async (scene: Scene, { person }: Walk): Promise<void> => {
    const { actors, log } = scene;
    const other = await (second ??= startSecond(bus.instance, inbox));
    const told = await Promise.all([
      actors.owner(person, 'decide', decision('ACCEPTED', REASONS[0])),
      actors.owner(person, 'decide', decision('ACCEPTED', REASONS[1]), other),
    ]);
    races.push(told);
    await log.stands(person.correctionId, 'decided', 1, 60_000);
    reasons.push(log.leavesOf(person.correctionId).find(({ t }) => t === 'correction.decided')?.why);
  };

  beforeAll(async () => {
    inbox = await Inbox.open();
    bus = await startBus(drillInstance(inbox));
    const seed = freshSeed();
    report = await drill({
      ...{ instance: bus.instance, inbox, seed, killMs: KILL_MS },
      waves: (random, scene) => {
        const [kafkaAt = '', postgresAt = ''] = random.shuffled(['routed', 'review-started', 'decided', 'propagating']);
        const services = { [kafkaAt]: 'kafka', [postgresAt]: 'postgres' } as const;
        const killing = [
          ...VICTIMS.map((victim) => correctedPath(`kills ${victim}`, () => victim)),
          correctedPath('kills services', (deed) => services[deed]),
          withdrawnPath(random.pick(VICTIMS)),
          appealedPath(random),
        ];
        const raced = Array.from({ length: RACES }, (_, at) =>
          racedPath(`race ${at + 1}`, (walk) => decide(scene, walk)),
        );
        return [killing, raced];
      },
    });
    process.stdout.write(`${renderDrill(report)}\n`);
  });
  afterAll(async () => {
    await runner.stopAll();
    await bus.end();
    await inbox.close();
  });

  it('leaves exactly one leaf per transition, no doubled notice and no lost delivery', () => {
    expect(report.stuck).toEqual([]);
    expect(report.breaches).toEqual([]);
  });

  it('lets one of two case workers win who decide at once, and tells the other', () => {
    expect(races).toHaveLength(RACES);
    for (const [at, told] of races.entries()) {
      const won = told.findIndex(({ status }) => status === 200);
      const lost = told[1 - won];
      expect(reasons[at]).toBe(REASONS[won]);
      expect(lost).toMatchObject({ status: 409, code: 'case-feedback-conflict' });
      expect(lost?.refusal).toMatch(/^(unstamped|decided-already|too-late)$/);
      expect(lost?.body['hint']).toEqual(expect.any(String));
    }
  });

  it.each([...VICTIMS])('killed %s while transitions were under way, pending and just taken', (victim) => {
    expect(report.rows.filter((row) => row.victim === victim).length).toBeGreaterThanOrEqual(5);
  });
});

/** Another connector of the owner's, under the same identity. */
async function startSecond({ ports, ...instance }: Instance, inbox: Inbox): Promise<string> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  await runner.start({
    app: 'connector',
    env: {
      ...{ KEREGE_HOST: '127.0.0.1', KEREGE_PORT: String(port), KEREGE_INSTANCE_ID: 'DEMO/cn1' },
      ...{ KEREGE_KEYS_DIR: instance.keysDir, KEREGE_TRUST_FILE: instance.trustFile },
      ...{ KEREGE_AUDIT_URL: instance.auditUrl, KEREGE_REGISTRY_URL: instance.registryUrl },
      ...connectorEnv('cn1', ports),
      ...drillInstance(inbox).env?.cn1,
      ...{ DATABASE_URL: instance.databaseUrl, KAFKA_BROKERS: instance.kafkaBrokers },
    },
    readyUrl: `${url}/ready`,
    timeoutMs: 60_000,
  });
  return url;
}
