import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import type { Bus, OutgoingRecord } from '#bus';
import { fixedTopics } from '#contracts';
import type { QuestionContent } from '#deliveries';
import { eventually } from '#testing';
import { ASKED, Asking } from './asking.js';
import { person, type Stated } from './feedback-network.js';

jest.setTimeout(120_000);

const ANN = person('PIN/TEST000001');
let asking: Asking;
let stated: Stated[];

beforeAll(async () => {
  asking = await Asking.create();
  await asking.start();
  stated = await Promise.all(Array.from({ length: 3 }, () => asking.network.requested([ANN])));
  await asking.lay(...stated);
});
afterAll(() => asking.network.close());

const rowOf = (at: number) => asking.row(ANN.code, stated[at] as Stated);
const told = () => asking.network.alarms.filter(({ alarm }) => alarm === 'questions-overdue');
const status = async (): Promise<{ parts: { part: string; state: string; details?: object }[] }> =>
  (await fetch(`${asking.app?.url}/status`)).json() as never;

it('an overdue question is told once, with whoever was asked, and answered late', async () => {
  await asking.start({ questionTermMs: 1 });
  const { body } = await asking.ask(ANN.code, await rowOf(0));
  const id = String(body['id']);
  await eventually(() => told().length > 0);
  expect(told()).toMatchObject([{ from: ASKED, questions: 1 }]);
  expect(JSON.stringify(told())).not.toContain('TEST0000');
  expect((await rowOf(0)).question).toMatchObject({ id, state: 'overdue' });
  const overdue = async () => (await asking.member(ASKED, '?state=overdue')).body['questions'] as object[];
  expect(await overdue()).toMatchObject([{ id, state: 'overdue' }]);
  await eventually(async () => {
    const found = (await status()).parts.find(({ part: name }) => name === 'questions');
    expect(found).toMatchObject({ state: 'degraded', details: { overdue: 1 } });
    return true;
  });
  const metrics = await (await fetch(`${asking.app?.url}/metrics`)).text();
  expect(metrics).toMatch(/kerege_feedback_questions_overdue_number\S* 1$/mu);

  const { content } = await asking.read(id);
  const said = await asking.answer(content as QuestionContent, { code: 'ERROR' });
  expect(said).toMatchObject({ status: 200, body: { state: 'answered', late: true } });
  expect((await rowOf(0)).question).toMatchObject({ state: 'answered', late: true, answer: { code: 'ERROR' } });
  expect(await overdue()).toEqual([]);
  await asking.start();
  expect(told()).toHaveLength(1);
});

it('what was asked and answered before a crash comes into the log after it', async () => {
  await asking.start({}, { bus: deaf(asking.network.bus) });
  const { body } = await asking.ask(ANN.code, await rowOf(1));
  const { content } = await asking.read(String(body['id']));
  const given = await asking.signed(content as QuestionContent, { code: 'LEGAL_DUTY' });
  const said = await asking.hand(content?.questionId ?? '', { ...given, answer: { code: 'LEGAL_DUTY' } });
  expect(said.status).toBe(200);
  const statements = [content?.statement ?? '', given.statement];
  const before = await asking.leaves();
  expect(statements.filter((one) => before.includes(one))).toEqual([]);
  const row = await rowOf(1);
  expect(row.question).toMatchObject({ state: 'answered', answer: { code: 'LEGAL_DUTY' } });
  expect(row.question).not.toHaveProperty('evidence');

  await asking.start();
  await eventually(async () => (await rowOf(1)).question?.evidence?.answered, { timeoutMs: 20_000 });
  const after = await asking.leaves();
  expect(statements.map((one) => after.filter((leaf) => leaf === one).length)).toEqual([1, 1]);
});

it('an answer to somebody who was erased is a leaf, and nothing else of it is kept', async () => {
  const { body } = await asking.ask(ANN.code, await rowOf(2));
  const id = String(body['id']);
  const { content } = await asking.read(id);
  const { keys, feedback } = await asking.network.databases();
  await keys.query('DELETE FROM data_key');
  const given = await asking.signed(content as QuestionContent, { code: 'OTHER', text: 'Gone.' });
  const said = await asking.hand(id, { ...given, answer: { code: 'OTHER', text: 'Gone.' } });
  expect(said).toMatchObject({ status: 200, body: { state: 'answered' } });
  const kept = await feedback.query('SELECT answer_enc, sealed FROM question WHERE id = $1', [id]);
  expect(kept).toEqual([{ answer_enc: null, sealed: null }]);
  await eventually(async () => (await asking.leaves()).includes(given.statement), { timeoutMs: 20_000 });
  expect(await asking.rows(ANN.code)).toEqual([]);
});

/** Loses what is to be stamped, as a process does that ends before it sends. */
function deaf(bus: Bus): Bus {
  const publish = (records: readonly OutgoingRecord[]) =>
    bus.publish(records.filter(({ topic }) => topic !== fixedTopics.stamp.name));
  return Object.create(bus, { publish: { value: publish } }) as Bus;
}
