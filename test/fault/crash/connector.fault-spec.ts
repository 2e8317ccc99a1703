import { join } from 'node:path';
import { jest } from '@jest/globals';
import { freePort } from '#local';
import { eventually, processRunner } from '#testing';
import { connectorEnv } from '../../../apps/sandbox/src/instance/app-plan.js';
import { startFaultBus, type FaultBus, type Tested } from '../harness/fault-bus.js';
import type { Plan, Step } from '../harness/boundary.js';
import { commitOf, produceTo, sql, stampOf } from '../harness/steps.js';
import { claim, match, stateOf, storyOf, view, type Story } from './spec-support/scene.js';

jest.setTimeout(300_000);

const READY = { timeoutMs: 60_000, intervalMs: 100 };
const runner = processRunner();
let bus: FaultBus;
// Far longer than a group takes to miss a dead member (6 s) and a process to start: redelivery comes in time.
beforeAll(async () => void (bus = await startFaultBus({ serviceTimeoutMs: 100_000 })));
afterAll(() => bus.end());

const journalBegun = sql(/^INSERT INTO journal/);
const journalDone = sql(/^UPDATE journal j SET state = 'done'/);
const answered = stampOf('exchange.answered');
const committed = commitOf('connector.request');
const orphaned = sql(/^UPDATE journal SET state = 'unknown'/);
/** Leaves of an unsafe call of which nobody knows whether the agency took it. */
const UNKNOWN = ['requested', 'failed provider-unreachable', 'failed outcome-unknown'];

describe('a connector killed (bus.md §7)', () => {
  interface Row extends Omit<Plan, 'fate' | 'times'> {
    readonly call: typeof view;
    readonly deadlineMs?: number;
    /** Looked for from this step on: what crosses before it belongs to the call before. */
    readonly since?: Step;
    readonly ends: Story;
  }
  const ONCE = { leaves: ['requested', 'answered'] };
  const unsafe: Record<string, Row> = {
    'request read, not called: redelivered, and called once': {
      ...{ call: claim, step: journalBegun, moment: 'before' },
      ends: { told: 'answered 201', calls: ['benefits'], ...ONCE },
    },
    'journalled done, nothing sent: redelivery sends the stored bytes': {
      ...{ call: claim, step: journalDone, moment: 'after' },
      ends: { told: 'answered 201', calls: ['benefits'], ...ONCE },
    },
    'call made, not journalled as done: after its deadline outcome-unknown, and nobody is called again': {
      ...{ call: claim, step: journalDone, moment: 'before' },
      deadlineMs: 6_000,
      ends: { told: 'provider-unreachable', calls: ['benefits'], leaves: UNKNOWN },
    },
  };
  const safe: Record<string, Row> = {
    'safe call made, nothing sent: called again': {
      ...{ call: view, step: answered, moment: 'before' },
      ends: { told: 'answered 200', calls: ['population', 'population'], ...ONCE },
    },
    'answer sent, offset not committed: the second answer is refused by the log': {
      ...{ call: view, step: committed, since: produceTo('reply.'), moment: 'before' },
      ends: { told: 'answered 200', calls: ['population', 'population'], ...ONCE },
    },
    'stamp sent, answer not: the log keeps the first, whose content is lost, and the second is not released': {
      ...{ call: view, step: answered, moment: 'after', onlyTopics: (topic) => topic.startsWith('audit.stamp') },
      ends: {
        told: 'receipt-conflict',
        calls: ['population', 'population'],
        leaves: ['requested', 'answered', 'failed receipt-conflict'],
      },
      deadlineMs: 25_000,
    },
    'journalled, not called: nobody knows that, so the outcome is unknown': {
      ...{ call: match, step: journalBegun, moment: 'after' },
      deadlineMs: 6_000,
      ends: { told: 'provider-unreachable', calls: [], leaves: UNKNOWN },
    },
  };
  const stories: Record<string, unknown> = {};

  async function play(name: Tested, { call, step, moment, since, ends, deadlineMs, ...more }: Row): Promise<Story> {
    const die = () => bus.killAt(name, step, moment, more);
    const dead = since === undefined ? die() : bus.note(name, since).then(die);
    const telling = call(bus, deadlineMs === undefined ? {} : { deadlineMs });
    await dead;
    await bus.bringBack(name);
    return storyOf(bus, await telling, ends.leaves.length);
  }
  /** The two connectors have nothing to do with each other, so their rows take no longer than one's. */
  const lane = async (name: Tested, rows: Record<string, Row>) => {
    for (const [title, row] of Object.entries(rows))
      stories[title] = await play(name, row).catch((cause: unknown) => cause);
  };
  beforeAll(async () => {
    await Promise.all([lane('cn1', safe), lane('cn2', unsafe)]);
  });

  it.each(Object.entries({ ...unsafe, ...safe }))('%s', (title, { ends }) => {
    expect(stories[title]).toEqual(ends);
  });
});

describe('a connector that comes too late (bus.md §4)', () => {
  // Also after a failure: another connector of the group would take requests of the tests that follow.
  afterEach(() => runner.stopAll());

  it('after the gateway has told `failed`: its answer is a disclosure in the log, and the outcome stays', async () => {
    const cut = bus.isolateAt('cn1', answered, 'before');
    const told = await view(bus, { deadlineMs: 3_000 });
    await cut;
    bus.rejoin('cn1');
    expect(await storyOf(bus, told, 3)).toEqual({
      told: 'provider-unreachable',
      calls: ['population'],
      leaves: ['requested', 'failed provider-unreachable', 'answered'],
    });
    expect(await stateOf(bus, told.exchangeId)).toBe('failed provider-unreachable');
  });

  it('after another has ended its unsafe call: it states nothing, and the agency was called once', async () => {
    const cut = bus.isolateAt('cn2', journalDone, 'before');
    const telling = claim(bus, { deadlineMs: 6_000 });
    await cut;
    await startSecond();
    const told = await telling;
    const ends = { told: 'provider-unreachable', calls: ['benefits'], leaves: UNKNOWN };
    expect(await storyOf(bus, told, 3)).toEqual(ends);
    bus.rejoin('cn2');
    await eventually(async () => (await fetch(`http://127.0.0.1:${bus.instance.ports.cn2}/ready`)).ok, READY);
    // Whatever it still had to say about that exchange stands before the leaves of the next.
    await storyOf(bus, await claim(bus));
    expect(await storyOf(bus, told)).toEqual(ends);
  });

  /** Another connector of the same subsystems. */
  async function startSecond() {
    const { ports, dataDir, keysDir, trustFile, auditUrl, registryUrl } = bus.instance;
    const port = await freePort();
    return runner.start({
      app: 'connector',
      env: {
        ...{ KEREGE_HOST: '127.0.0.1', KEREGE_PORT: String(port), KEREGE_INSTANCE_ID: 'DEMO/cn2' },
        ...{ KEREGE_KEYS_DIR: keysDir, KEREGE_TRUST_FILE: trustFile },
        ...{ KEREGE_AUDIT_URL: auditUrl, KEREGE_REGISTRY_URL: registryUrl },
        // Of this log: the next run has another one.
        KEREGE_LOG_NOTES_DIR: join(dataDir, 'notes', 'cn2-second'),
        ...connectorEnv('cn2', ports),
        ...bus.envOf('gateway'),
      },
      readyUrl: `http://127.0.0.1:${port}/ready`,
      timeoutMs: 60_000,
    });
  }
});

describe('a step of a connector that fails', () => {
  const steps: [what: string, step: Step][] = [
    ['the journal row', journalBegun],
    ['the end of the journal row', journalDone],
    ['stamp and answer', answered],
    ['the answer', produceTo('reply.')],
    ['the commit of the offset', committed],
  ];
  const cases = steps.flatMap(([what, step]) => [
    { what, step, moment: 'before' as const, effect: 'without effect' },
    { what, step, moment: 'after' as const, effect: 'with its effect' },
  ]);

  it.each(cases)('$what, $effect: one call, one answer, one leaf each', async ({ step, moment }) => {
    const failed = bus.fail('cn2', step, moment);
    const told = await claim(bus);
    await failed;
    const ends = { told: 'answered 201', calls: ['benefits'], leaves: ['requested', 'answered'] };
    expect(await storyOf(bus, told)).toEqual(ends);
  });

  it.each([
    ['without effect', 'before'],
    ['with its effect', 'after'],
  ] as const)(
    'the end of a row that its maker left behind, %s: outcome-unknown once, and no second call',
    async (_effect, moment) => {
      const dead = bus.killAt('cn2', journalDone, 'before');
      const telling = claim(bus, { deadlineMs: 6_000 });
      await dead;
      const failed = bus.fail('cn2', orphaned, moment);
      await bus.bringBack('cn2');
      const told = await telling;
      await failed;
      const ends = { told: 'provider-unreachable', calls: ['benefits'], leaves: UNKNOWN };
      expect(await storyOf(bus, told, 3)).toEqual(ends);
      // Whatever came of the repetition stands before the leaves of the next.
      await storyOf(bus, await claim(bus));
      expect(await storyOf(bus, told)).toEqual(ends);
    },
  );
});
