import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { defineErrors, systemClock } from '#kernel';
import { eventually, TestLog } from '#testing';
import { openNote, type AddCheckpoint } from '#tlog';
import { ForkAlarm } from './fork-alarm.js';
import type { WitnessAnswer } from './witness-answer.js';
import { WitnessLane, type PublishedCheckpoint } from './witness-lane.worker.js';

const errors = defineErrors('spec', { away: { kind: 'unavailable', message: 'Away', next: 'Wait' } });
const log = TestLog.create('audit.test.example/0', 40);
const key = log.key;
const published = async (size: number): Promise<PublishedCheckpoint> => {
  const note = await log.note(size);
  const opened = openNote(note, [key]);
  if (!opened.ok) throw new TypeError(opened.reason);
  return { note, checkpoint: opened.value };
};
const cosigned: WitnessAnswer = { kind: 'cosigned', cosignature: { key, line: 'line', seconds: 1 } };

describe('WitnessLane', () => {
  let asked: AddCheckpoint[];
  let stored: number[];
  let alarm: ForkAlarm;
  let lane: WitnessLane;
  /** Answers in order, the last for ever. */
  let answers: (WitnessAnswer | 'hangs')[];
  let storeFails: boolean;
  let headSize: number;
  let known: number;

  beforeEach(() => {
    [asked, stored, answers, storeFails, headSize, known] = [[], [], [cosigned], false, 40, 0];
    alarm = new ForkAlarm(() => undefined);
    lane = new WitnessLane(
      {
        client: {
          address: { name: 'w', key, url: 'http://127.0.0.1:1' },
          add: (question) => {
            asked.push(question);
            const answer = answers.length > 1 ? answers.shift() : answers[0];
            return answer === 'hangs' ? new Promise(() => undefined) : Promise.resolve(answer ?? cosigned);
          },
        },
        anchors: {
          addCosignature: (size) => {
            if (storeFails) return Promise.reject(errors.error('away'));
            stored.push(size);
            return Promise.resolve();
          },
          lastCosigned: () => Promise.resolve(known),
        },
        proof: (from, to) => log.proof(from, to),
        headSize: () => Promise.resolve(headSize),
        alarm,
        clock: systemClock,
        asked: () => undefined,
        failed: () => undefined,
      },
      { intervalMs: 1, maxPauseMs: 4 },
    );
  });
  afterEach(async () => {
    if (!answers.includes('hangs')) await lane.close();
  });
  const sizes = () => asked.map(({ oldSize, checkpoint }) => [oldSize, Number(checkpoint.split('\n')[1])]);

  it('asks from the size that the witness cosigned last, also one of an earlier process', async () => {
    known = 5;
    lane.offer(await published(8));
    await eventually(() => stored.length === 1);
    lane.offer(await published(20));
    await eventually(() => stored.length === 2);
    expect(sizes()).toEqual([
      [5, 8],
      [8, 20],
    ]);
    expect(asked[0]?.proof).toEqual(await log.proof(5, 8));
    expect(lane.state).toMatchObject({ size: 20, failure: undefined });
  });

  it('asks again from the size that a 409 names, at once', async () => {
    answers = [{ kind: 'other-size', size: 5 }, cosigned];
    lane.offer(await published(8));
    await eventually(() => stored.length === 1);
    expect(sizes()).toEqual([
      [0, 8],
      [5, 8],
    ]);
  });

  it('waits for the next checkpoint where the witness has seen a later one, unless the log has none', async () => {
    answers = [{ kind: 'other-size', size: 20 }, cosigned];
    lane.offer(await published(8));
    await eventually(() => lane.state.size === 20);
    expect(alarm.fork).toBeUndefined();
    lane.offer(await published(40));
    await eventually(() => stored.length === 1);
    expect(sizes()).toEqual([
      [0, 8],
      [20, 40],
    ]);
    headSize = 8;
    lane.offer(await published(8));
    await eventually(() => alarm.fork !== undefined);
    expect(alarm.fork).toMatchObject({ sign: 'ahead-of-log' });
  });

  it('raises the alarm on a sign of a fork and asks nothing more', async () => {
    answers = [{ kind: 'fork', sign: 'inconsistent' }];
    lane.offer(await published(8));
    await eventually(() => alarm.fork !== undefined);
    expect(alarm.fork).toEqual({ sign: 'inconsistent', witness: key.name, size: 8 });
    lane.offer(await published(20));
    await lane.close();
    expect(asked).toHaveLength(1);
  });

  it('tries on with the newest while the witness is of no use', async () => {
    answers = [{ kind: 'failed', why: 'no-answer' }];
    const [older, newer] = [await published(8), await published(20)];
    lane.offer(older);
    await eventually(() => lane.state.failure === 'no-answer');
    lane.offer(newer);
    answers = [{ kind: 'failed', why: 'nonsense' }, { kind: 'failed', why: 'log-unknown' }, cosigned];
    await eventually(() => stored.length === 1);
    expect(stored).toEqual([20]);
    expect(lane.state.failure).toBeUndefined();
    expect(alarm.fork).toBeUndefined();
  });

  it('asks again for a line that it could not store', async () => {
    storeFails = true;
    lane.offer(await published(8));
    await eventually(() => lane.state.failure === 'our-side');
    asked = [];
    storeFails = false;
    answers = [{ kind: 'other-size', size: 8 }, cosigned];
    await eventually(() => stored.length === 1);
    expect(sizes().slice(-1)).toEqual([[8, 8]]);
  });

  it('does not hold up who offers while a witness hangs', async () => {
    answers = ['hangs'];
    for (const size of [8, 20, 40]) lane.offer(await published(size));
    await eventually(() => asked.length === 1);
    expect(stored).toEqual([]);
  });
});
