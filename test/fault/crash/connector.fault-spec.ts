import { jest } from '@jest/globals';
import { startFaultBus, type FaultBus, type Tested } from '../harness/fault-bus.js';
import type { Moment, Step } from '../harness/boundary.js';
import { commitOf, produceTo, sql, stampOf } from '../harness/steps.js';
import { claim, match, storyOf, view, type Story } from './spec-support/scene.js';

jest.setTimeout(300_000);

let bus: FaultBus;
// Longer than a group takes to miss a dead member (6 s) and a process to start: redelivery comes in time.
beforeAll(async () => void (bus = await startFaultBus({ serviceTimeoutMs: 24_000 })));
afterAll(() => bus.end());

const journalBegun = sql(/^INSERT INTO journal/);
const journalDone = sql(/^UPDATE journal j SET state = 'done'/);
const answered = stampOf('exchange.answered');
const committed = commitOf('connector.request');

describe('a connector killed (bus.md §7)', () => {
  interface Row {
    readonly call: typeof view;
    readonly step: Step;
    readonly moment: Moment;
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
      ends: { told: 'outcome-unknown', calls: ['benefits'], leaves: ['requested', 'failed outcome-unknown'] },
    },
  };
  const safe: Record<string, Row> = {
    'safe call made, nothing sent: called again': {
      ...{ call: view, step: answered, moment: 'before' },
      ends: { told: 'answered 200', calls: ['population', 'population'], ...ONCE },
    },
    'answer sent, offset not committed: the second answer is refused by the log': {
      ...{ call: view, step: committed, moment: 'before' },
      ends: { told: 'answered 200', calls: ['population', 'population'], ...ONCE },
    },
    'journalled, not called: nobody knows that, so the outcome is unknown': {
      ...{ call: match, step: journalBegun, moment: 'after' },
      ends: { told: 'outcome-unknown', calls: [], leaves: ['requested', 'failed outcome-unknown'] },
    },
  };
  const stories: Record<string, unknown> = {};

  async function play(name: Tested, { call, step, moment, ends }: Row): Promise<Story> {
    const dead = bus.killAt(name, step, moment);
    const telling = call(bus);
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
});
