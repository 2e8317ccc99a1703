import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { newExchangeId } from '#kernel';
import { eventually } from '#testing';
import {
  BENEFITS,
  CLINIC,
  ENTITLEMENTS,
  MYGOV,
  PERSONS,
  startBus,
  type BusUnderTest,
} from '../../system/spec-support/bus-under-test.js';
import { Actors, RIGHT, type Person, type Told } from '../corrections/actors.js';
import { drillInstance } from '../corrections/drill.js';
import { Inbox } from '../corrections/inbox.js';
import { Reaper } from '../corrections/reaper.js';
import { decision, wordsOf } from '../corrections/walk.js';
import { ElementLoad, type Asked } from './element-load.js';
import { judgeFlags, type Review, type Verdict } from './flag-judge.js';
import { renderVerdict } from './flag-table.js';
import { HeadWatch } from './head-watch.js';

jest.setTimeout(240_000);

const EVERY_MS = 300;
const SETTLE_MS = 60_000;
/** After the leaf it may take a second; twice that is beyond doubt. */
const BEYOND_MS = 2_000;
/** What `/status` may still show of before. */
const LOOK_MS = 1_000;

const [REJECTED, CORRECTED, LASTING] = ['TEST000011', 'TEST000012', 'TEST000013'];
const OTHERS = ['TEST000014', 'TEST000015', 'TEST000016'];

const viewed = (person: string): Asked => {
  return { target: `${PERSONS}/${person}`, client: MYGOV, purpose: 'citizen-view', person, isOfElement: true };
};
const benefits = (person: string) => ({ ...viewed(person), client: BENEFITS, purpose: 'benefit-decision' });
const clinic = (person: string) => ({ ...viewed(person), client: CLINIC, purpose: 'treatment' });
/** Shows the datum as well, by another agency over another connector. */
const entitled = (person: string) => ({ ...viewed(person), target: `${ENTITLEMENTS}/${person}` });
const address = (person: string) => {
  return { ...viewed(person), target: `${PERSONS}/${person}/address`, isOfElement: false };
};

/** Eight clients of whom most ask about those of whom something is disputed. */
function clientsOf(...disputed: readonly string[]): Asked[][] {
  return [
    ...[disputed.map(viewed), disputed.toReversed().map(viewed), disputed.map(benefits), disputed.map(clinic)],
    ...[disputed.map(entitled), disputed.map(address), OTHERS.map(viewed), OTHERS.flatMap((one) => [entitled(one)])],
  ];
}

interface Part {
  readonly part: string;
  readonly state: string;
  readonly since: string;
  readonly reason?: string;
}

describe('the flag of a dispute under load', () => {
  let inbox: Inbox;
  let bus: BusUnderTest;
  let log: HeadWatch;
  let actors: Actors;
  let reaper: Reaper;
  const people = new Map<string, Person>();

  beforeAll(async () => {
    inbox = await Inbox.open();
    bus = await startBus(drillInstance(inbox));
    log = await HeadWatch.start(bus.instance.auditUrl);
    actors = new Actors(bus.instance);
    reaper = new Reaper(bus.instance);
    for (const code of [REJECTED, CORRECTED, LASTING]) await filed(code);
    // The first calls of a process are slow ones, and so is its first review.
    await review(LASTING);
    const load = new ElementLoad(bus.instance.gatewayUrl, clientsOf(...people.keys()), EVERY_MS);
    await delay(BEYOND_MS);
    await load.stop();
  });
  afterAll(async () => {
    await log.stop();
    await bus.end().finally(() => inbox.close());
  });

  async function filed(code: string): Promise<void> {
    const person = await actors.person(code, newExchangeId());
    people.set(code, person);
    await taken(() => actors.file(person));
    await stands(code, 'received');
  }

  const personOf = (code: string) => people.get(code)!;
  const stands = (code: string, transition: string) => log.stands(personOf(code).correctionId, transition);

  async function owner(code: string, act: string, said: object, transition: string): Promise<void> {
    await taken(() => actors.owner(personOf(code), act, said));
    await stands(code, transition);
  }
  const review = (code: string) => owner(code, 'start', {}, 'review-started');
  const decide = (code: string, outcome: 'ACCEPTED' | 'REJECTED') =>
    owner(code, 'decide', decision(outcome), 'decided');

  /** While the work lasts all clients ask; then everything that they were answered is judged. */
  async function underLoad(phase: string, reviews: readonly Review[], work: () => Promise<void>) {
    const load = new ElementLoad(bus.instance.gatewayUrl, clientsOf(...reviews.map(({ person }) => person)), EVERY_MS);
    try {
      await work();
    } finally {
      await load.stop();
    }
    const { answers, unanswered } = load;
    let verdict: Verdict | undefined;
    // A statement reaches the log behind its answer.
    await eventually(
      async () => {
        verdict = judgeFlags(answers, reviews, { leaves: await log.leaves(), heads: log.heads });
        return !verdict.breaches.some(({ rule }) => rule === 'unstated');
      },
      { timeoutMs: SETTLE_MS, intervalMs: 500 },
    ).catch(() => undefined);
    const judged = verdict ?? judgeFlags(answers, reviews, { leaves: [], heads: [] });
    process.stdout.write(`${renderVerdict(phase, judged, unanswered.length)}\n`);
    return { ...judged, answers, unanswered };
  }

  const reviewOf = (person: string, endsBy: Review['endsBy']): Review => {
    return { correctionId: personOf(person).correctionId, person, endsBy };
  };
  const lasting = () => [reviewOf(LASTING, undefined)];

  it('holds from a second after the review to a second after its end, on answers with the element alone', async () => {
    const reviews = [reviewOf(REJECTED, 'correction.decided'), reviewOf(CORRECTED, 'correction.corrected')];
    const { breaches, counts, unanswered } = await underLoad('reviewed and ended', reviews, async () => {
      await delay(4_000);
      await review(REJECTED);
      await delay(5_000);
      await review(CORRECTED);
      await delay(5_000);
      await decide(REJECTED, 'REJECTED');
      await delay(5_000);
      await decide(CORRECTED, 'ACCEPTED');
      await delay(3_000);
      await actors.enter(personOf(CORRECTED));
      await owner(CORRECTED, 'corrected', { values: [{ item: 0, value: RIGHT }], effectiveFrom: RIGHT }, 'corrected');
      await delay(6_000);
    });
    expect(breaches).toEqual([]);
    expect(unanswered).toEqual([]);
    expect(counts.marked).toBeGreaterThan(50);
    expect(counts.unmarked).toBeGreaterThan(100);
  });

  describe('that is on', () => {
    it('holds while feedback is dead, and each connector says since when there is a gap', async () => {
      const gaps: Part[] = [];
      let killedMs = 0;
      const { breaches, counts } = await underLoad('feedback dead', lasting(), async () => {
        killedMs = Date.now();
        await bus.instance.takeDown('feedback');
        gaps.push(...(await Promise.all([gapAt('cn1'), gapAt('cn2')])));
        process.stdout.write(`the gap shows ${Date.now() - killedMs} ms after the kill: ${gaps[0]?.reason}\n`);
        expect(Date.now() - killedMs).toBeLessThanOrEqual(15_000 + LOOK_MS);
        await delay(BEYOND_MS);
        await reaper.bringBack('feedback');
        await Promise.all([disputesAre('ok', 'cn1'), disputesAre('ok', 'cn2')]);
      });
      expect(breaches).toEqual([]);
      expect(counts.marked).toBeGreaterThan(50);
      for (const { reason = '', since } of gaps) {
        const [, told = ''] = /stale since (\S+): .*feedback does not answer/.exec(reason) ?? [];
        // Heard of every three seconds.
        expect(killedMs - Date.parse(told)).toBeGreaterThanOrEqual(-LOOK_MS);
        expect(killedMs - Date.parse(told)).toBeLessThanOrEqual(5_000);
        expect(Date.parse(since)).toBeGreaterThanOrEqual(killedMs);
      }
    });

    it.each([
      ['', false],
      [', without feedback', true],
    ])('is on every answer after the connector died%s', async (how, isAlone) => {
      let backMs = Infinity;
      const phase = `connector killed${how}`;
      const { breaches, answers } = await underLoad(phase, lasting(), async () => {
        await delay(BEYOND_MS);
        if (isAlone) await bus.instance.takeDown('feedback');
        ({ backMs } = await reaper.kill('cn1'));
        await delay(2 * BEYOND_MS);
        if (isAlone) await reaper.bringBack('feedback');
      });
      expect(breaches).toEqual([]);
      const after = answers.filter(({ mark, receivedMs }) => mark !== null && receivedMs > backMs);
      process.stdout.write(`  ${after.length} flagged answers after it was back\n`);
      expect(after.length).toBeGreaterThan(10);
    });
  });

  async function disputes(connector: 'cn1' | 'cn2'): Promise<Part | undefined> {
    const answer = await fetch(`${actors.connector(connector)}/status`, { signal: AbortSignal.timeout(5_000) });
    const { parts } = (await answer.json()) as { parts: Part[] };
    return parts.find(({ part }) => part === 'disputes');
  }

  const disputesAre = (state: string, connector: 'cn1' | 'cn2') =>
    eventually(
      async () => {
        const part = await disputes(connector);
        return part?.state === state ? part : undefined;
      },
      { timeoutMs: SETTLE_MS, intervalMs: 200 },
    );
  const gapAt = (connector: 'cn1' | 'cn2') => disputesAre('degraded', connector);
});

/** Asked again until it is taken: the case may still be under way to where it is wanted. */
async function taken(act: () => Promise<Told>): Promise<void> {
  let words = '';
  const isTaken = async () => {
    const told = await act();
    words = wordsOf(told);
    return told.status === 200 || told.status === 201;
  };
  await eventually(isTaken, { timeoutMs: SETTLE_MS, intervalMs: 200 }).catch(() => {
    throw new TypeError(`not taken: ${words}`);
  });
}
