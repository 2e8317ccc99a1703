import { jest } from '@jest/globals';
import { fixedTopics } from '#contracts';
import { readDelivery } from '#deliveries';
import { readSealedOpening } from '#openings';
import { eventually } from '#testing';
import { localUrl } from '../../apps/sandbox/src/instance/layout.js';
import { leavesOf } from '../fault/harness/accounts.js';
import { badValues, tooManyHeaders, type BadValue } from './spec-support/bad-values.js';
import {
  BENEFITS,
  call,
  exchangeIdOf,
  ledger,
  MYGOV,
  PERSONS,
  startBus,
  type BusUnderTest,
  type Call,
} from './spec-support/bus-under-test.js';
import { counterOf, reaches } from './spec-support/counters.js';
import { fileCorrection } from './spec-support/filed-correction.js';
import { TopicRecord, topics } from './spec-support/topic-record.js';

jest.setTimeout(240_000);

const READ: Call = { target: `${PERSONS}/TEST000001`, client: MYGOV, purpose: 'citizen-view' };
const MATCH = { pin: 'TEST000008', familyName: 'Testzade-008', birthDate: '1972-09-01' };
const WRITE: Call = { target: `${PERSONS}/match`, client: BENEFITS, method: 'POST', body: MATCH };

let bus: BusUnderTest;
let records: TopicRecord;
let urls: Readonly<Record<'gateway' | 'cn1' | 'audit' | 'registry' | 'feedback', string>>;
beforeAll(async () => {
  bus = await startBus();
  const { gatewayUrl: gateway, auditUrl: audit, registryUrl: registry, feedbackUrl: feedback, ports } = bus.instance;
  urls = { gateway, audit, registry, feedback, cn1: localUrl(ports.cn1) };
  records = await TopicRecord.of(bus.instance);
  await goodExchange(READ);
  await goodExchange(WRITE);
});
afterEach(async () => {
  // Whatever came, everybody still works.
  await goodExchange(READ);
  await goodExchange(WRITE);
  for (const url of [...Object.values(urls), localUrl(bus.instance.ports.cn2)])
    expect([url, (await fetch(`${url}/ready`)).status]).toEqual([url, 200]);
});
afterAll(async () => {
  await records.bus.close();
  await bus.end();
});

async function goodExchange(options: Call): Promise<string> {
  const answer = await call(bus.instance, options);
  // Says why, where it is not.
  expect([answer.status, answer.status === 200 ? '' : answer.text]).toEqual([200, '']);
  return exchangeIdOf(answer);
}

interface Place {
  readonly topic: string;
  readonly partition?: number;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

/** Writes them one by one, with a good exchange right behind each, which is answered. */
async function writeAmongGood(values: readonly BadValue[], place: Place): Promise<void> {
  for (const [, value] of values) {
    await records.bus.publish([{ partition: 0, ...place, value }]);
    await goodExchange(READ);
  }
}

describe('records that are not what belongs there', () => {
  it('on a request topic are dead letters with their reason, also behind thousands of headers', async () => {
    const dead = () => counterOf(urls.cn1, 'kerege_connector_dead_letters_total', { reason: 'request-malformed' });
    const [before, known] = [await dead(), records.of(topics.dead).length];
    const bad = badValues((await records.first(topics.request)).value);
    for (const partition of [0, 1, 2]) await writeAmongGood(bad, { topic: topics.request, partition });
    await writeAmongGood([['', Buffer.from('x')]], { topic: topics.request, headers: tooManyHeaders() });
    const wanted = 3 * bad.length + 1;
    const letters = await records.letters(topics.dead, known, wanted);
    await reaches(dead, before + wanted);
    expect(letters.map(({ headers }) => headers['dead-reason'])).toEqual(
      Array.from({ length: wanted }, () => ['request-malformed']),
    );
    expect(letters.filter(({ headers }) => headers['dead-length']?.[0] === '900000')).toHaveLength(3);
  });

  it('on a gateway’s reply topic are counted, whatever they say they are', async () => {
    const malformed = () => counterOf(urls.gateway, 'kerege_gateway_events_total', { event: 'malformed-reply' });
    const before = await malformed();
    const ofType = (type: string) => records.first(topics.gatewayReply, ({ headers }) => headers['type']?.[0] === type);
    const [answer, receipts] = [(await ofType('answer')).value, (await ofType('receipts')).value];
    const topic = topics.gatewayReply;
    await writeAmongGood(badValues(answer), { topic, headers: { type: 'answer' } });
    await writeAmongGood(badValues(receipts), { topic, headers: { type: 'receipts' } });
    await writeAmongGood([['an answer that says nothing', answer]], { topic });
    await writeAmongGood([['an answer that says another thing', answer]], { topic, headers: { type: 'ANSWER' } });
    await writeAmongGood([['an answer hidden by headers', answer]], { topic, headers: tooManyHeaders() });
    await reaches(malformed, before + 2 * badValues(answer).length + 3);
  });

  it('on a receipt topic are alarmed about', async () => {
    const alarms = () => counterOf(urls.cn1, 'kerege_connector_alarms_total', { reason: 'receipts-malformed' });
    const before = await alarms();
    const bad = badValues((await records.first(topics.receipt)).value);
    await writeAmongGood(bad, { topic: topics.receipt, headers: { type: 'answer' } });
    await reaches(alarms, before + bad.length);
  });

  it('on the registry’s reply topic are counted', async () => {
    const alarms = () => counterOf(urls.registry, 'kerege_registry_receipt_alarms_total', { reason: 'malformed' });
    const before = await alarms();
    const bad = badValues((await records.first(topics.registryReply)).value);
    await writeAmongGood(bad, { topic: topics.registryReply });
    await reaches(alarms, before + bad.length);
  });

  it('on the stamp topic are dead letters with their reason, and no leaves', async () => {
    const refused = () => counterOf(urls.audit, 'kerege_audit_stamps_total', { kind: 'refused' });
    const [before, known] = [await refused(), records.of(topics.deadAudit).length];
    const { value } = await records.first(topics.stamp);
    const bad = badValues(value);
    const topic = topics.stamp;
    await writeAmongGood(bad, { topic, headers: { reply: topics.gatewayReply } });
    await writeAmongGood([['for a topic of nobody', value]], { topic, headers: { reply: topics.snapshot } });
    await writeAmongGood([['for three', value]], {
      topic,
      headers: { reply: [topics.gatewayReply, topics.receipt, topics.gatewayReply] },
    });
    await writeAmongGood([['', Buffer.from('x')]], { topic, headers: tooManyHeaders() });
    const letters = await records.letters(topics.deadAudit, known, bad.length + 3);
    await reaches(refused, before + bad.length + 3);
    const reasons = letters.map(({ headers }) => headers['dead-reason']?.[0]);
    expect(new Set(reasons)).toEqual(new Set(['jws-form', 'jws-too-large', 'reply-topic']));
    expect(reasons.filter((reason) => reason === 'reply-topic')).toHaveLength(2);
    const leaves = await leavesOf(bus.instance);
    expect(new Set(leaves.map(({ hash }) => hash)).size).toBe(leaves.length);
  });

  it('on the checkpoints’ topic keep no sequencer from taking its log over', async () => {
    const genuine = records.of(topics.checkpoints);
    const bad = badValues((await records.first(topics.checkpoints)).value);
    await writeAmongGood(bad, { topic: topics.checkpoints });
    await records.again([...genuine, ...genuine].reverse());
    await restart('audit');
  });

  it('on the registry’s topic are alarmed about by all who read it, and who starts behind them starts', async () => {
    const readers = [
      () => counterOf(urls.gateway, 'kerege_gateway_alarms_total', {}),
      () => counterOf(urls.cn1, 'kerege_connector_alarms_total', {}),
      () => counterOf(urls.audit, 'kerege_audit_alien_snapshots_total', {}),
    ];
    const before = await Promise.all(readers.map((count) => count()));
    const snapshots = records.of(topics.snapshot).filter(({ key }) => key?.toString() !== 'manifest');
    const manifests = records.of(topics.snapshot).filter(({ key }) => key?.toString() === 'manifest');
    const bad = badValues(snapshots[0]?.value ?? Buffer.alloc(0));
    const topic = topics.snapshot;
    for (const key of ['snapshot.0', 'snapshot.1', 'stranger']) await writeAmongGood(bad, { topic, key });
    await writeAmongGood(badValues(manifests[0]?.value ?? Buffer.alloc(0)), { topic, key: 'manifest' });
    const wanted = [4, 4, 3].map((keys) => keys * bad.length);
    await Promise.all(readers.map((count, at) => reaches(count, (before[at] ?? 0) + (wanted[at] ?? 0))));
    // The newest last: a reader that starts now finds what is in force behind all that.
    await records.again([...manifests.toReversed(), ...snapshots, ...manifests]);
    for (const name of ['gateway', 'cn1', 'audit'] as const) await restart(name);
  });

  it('on the topic of openings are dead letters with their reason, and the good ones among them are opened', async () => {
    const flawed = () => counterOf(urls.feedback, 'kerege_feedback_openings_flawed_total', {});
    const rows = () => counterOf(urls.feedback, 'kerege_feedback_rows_total', {});
    const [before, known] = [await flawed(), records.of(topics.deadFeedback).length];
    const bad = badValues((await records.first(topics.opening)).value);
    for (const partition of [0, 1, 2]) await writeAmongGood(bad, { topic: topics.opening, partition });
    await writeAmongGood([['', Buffer.from('x')]], { topic: topics.opening, headers: tooManyHeaders() });
    const wanted = 3 * bad.length + 1;
    const letters = await records.letters(topics.deadFeedback, known, wanted);
    await reaches(flawed, before + wanted);
    expect(new Set(letters.map(({ headers }) => headers['dead-reason']?.[0]))).toEqual(new Set(['opening-malformed']));
    const opened = await rows();
    await goodExchange(READ);
    await reaches(rows, opened + 1);
  });

  it('on the topic of the keys of openings are counted, and openings are sealed as before', async () => {
    const readers = [
      () => counterOf(urls.gateway, 'kerege_gateway_openings_total', { event: 'opening-key-malformed' }),
      () => counterOf(urls.cn1, 'kerege_connector_openings_total', { event: 'opening-key-malformed' }),
    ];
    const sealed = () => counterOf(urls.gateway, 'kerege_gateway_openings_total', { event: 'sealed' });
    const before = await Promise.all(readers.map((count) => count()));
    const genuine = await records.first(topics.openingKey);
    const bad = badValues(genuine.value);
    for (const key of [genuine.key?.toString() ?? '', 'stranger'])
      await writeAmongGood(bad, { topic: topics.openingKey, key });
    await Promise.all(readers.map((count, at) => reaches(count, (before[at] ?? 0) + 2 * bad.length)));
    const was = await sealed();
    await goodExchange(READ);
    await reaches(sealed, was + 1);
    await records.again([genuine]);
  });

  it('on the topic of what feedback delivers are dead letters with their reason, and cases come through', async () => {
    const flawed = () => counterOf(urls.cn1, 'kerege_connector_notices_flawed_total', {});
    const waiting = () => counterOf(urls.cn1, 'kerege_connector_notices_number', { state: 'waiting' });
    const held = await waiting();
    await fileCorrection(bus, 'TEST000007');
    await reaches(waiting, held + 1);
    const [before, known] = [await flawed(), records.of(topics.dead).length];
    const bad = badValues((await records.first(topics.correction)).value);
    await writeAmongGood(bad, { topic: topics.correction });
    await writeAmongGood([['', Buffer.from('x')]], { topic: topics.correction, headers: tooManyHeaders() });
    const letters = await records.letters(topics.dead, known, bad.length + 1);
    await reaches(flawed, before + bad.length + 1);
    expect(new Set(letters.map(({ headers }) => headers['dead-reason']?.[0]))).toEqual(new Set(['delivery-malformed']));
    await fileCorrection(bus, 'TEST000008');
    await reaches(waiting, held + 2);
  });

  it('on feedback’s reply topic disturb nobody: it waits for no receipt, but reads the log', async () => {
    const rows = () => counterOf(urls.feedback, 'kerege_feedback_rows_total', {});
    const bad = badValues((await records.first(topics.gatewayReply)).value);
    await writeAmongGood(bad, { topic: topics.feedbackReply });
    for (const type of ['answer', 'receipts'])
      await writeAmongGood(bad, { topic: topics.feedbackReply, headers: { type } });
    const opened = await rows();
    await goodExchange(READ);
    await reaches(rows, opened + 1);
  });
});

async function restart(name: 'gateway' | 'cn1' | 'audit'): Promise<void> {
  await bus.instance.terminate(name);
  const isReady = () =>
    fetch(`${urls[name]}/ready`)
      .then(({ ok }) => ok)
      .catch(() => false);
  await eventually(isReady, { timeoutMs: 60_000 });
  await eventually(() => fetch(`${urls.gateway}/ready`).then(({ ok }) => ok), { timeoutMs: 60_000 });
}

/** What the others have written, and not a stranger: those records are short, very long, or cut. */
function isGenuine(topic: string, value: Buffer): boolean {
  return topic === topics.correction ? readDelivery(value).ok : readSealedOpening(value).ok;
}

/** Once they no longer change from one look to the next. */
async function settled(counts: () => Promise<number[]>): Promise<number[]> {
  let last: number[] = [];
  return eventually(
    async () => {
      const [earlier, now] = [last, await counts()];
      last = now;
      return now.length === earlier.length && now.every((count, at) => count === earlier[at]) && now;
    },
    { timeoutMs: 60_000, intervalMs: 2_000 },
  );
}

describe('genuine records, written again', () => {
  it('twice and in the wrong order: no second unsafe call, no leaf', async () => {
    const unsafe = [await goodExchange(WRITE), await goodExchange(WRITE)];
    const safe = [await goodExchange(READ), await goodExchange(READ)];
    const ended = async () => {
      const leaves = await leavesOf(bus.instance);
      return [...unsafe, ...safe].every((id) => leaves.filter((leaf) => leaf.id === id).length === 2) && leaves;
    };
    const before = await eventually(ended);
    const replayed = [topics.request, topics.gatewayReply, topics.receipt, topics.stamp].flatMap((topic) =>
      records.of(topic).filter(({ value }) => value.length > 0 && value.length < 100_000),
    );
    const duplicates = () => counterOf(urls.audit, 'kerege_audit_stamps_total', { kind: 'duplicate' });
    const late = () => counterOf(urls.gateway, 'kerege_gateway_events_total', { event: 'late-answer' });
    const counted = [await duplicates(), await late()];
    const fresh: string[] = [];
    for (const copies of [replayed.toReversed(), replayed]) {
      for (let start = 0; start < copies.length; start += 50) {
        await records.again(copies.slice(start, start + 50));
        fresh.push(await goodExchange(READ), await goodExchange(WRITE));
      }
    }
    await reaches(duplicates, (counted[0] ?? 0) + 8);
    await reaches(late, (counted[1] ?? 0) + 8);
    const known = new Set([...before.map(({ id }) => id), ...fresh]);
    const after = await eventually(async () => {
      const leaves = await leavesOf(bus.instance);
      return fresh.every((id) => leaves.filter((leaf) => leaf.id === id).length === 2) && leaves;
    });
    // The same leaves at their places; behind them those of the fresh exchanges, the registry's renewals and time-stamps.
    expect(after.slice(0, before.length)).toEqual(before);
    const more = after.slice(before.length).filter(({ t }) => !['registry.manifest', 'anchor.tsr'].includes(t));
    expect(more.filter(({ id }) => !known.has(id))).toEqual([]);
    expect(more).toHaveLength(2 * fresh.length);
    const calls = await ledger(bus.instance, 'population');
    for (const id of [...unsafe, ...fresh.filter((_, at) => at % 2 === 1)])
      expect([id, calls.filter(({ exchangeId }) => exchangeId === id).length]).toEqual([id, 1]);
  });

  it('of feedback, twice and in the wrong order: no second row, no second notice, no flag more or less', async () => {
    const arrived = () => counterOf(urls.feedback, 'kerege_feedback_openings_arrived_total', {});
    const flawed = () => counterOf(urls.cn1, 'kerege_connector_notices_flawed_total', {});
    const counts = () =>
      Promise.all([
        counterOf(urls.feedback, 'kerege_feedback_rows_total', {}),
        counterOf(urls.feedback, 'kerege_feedback_openings_flawed_total', {}),
        counterOf(urls.cn1, 'kerege_connector_notices_number', {}),
        counterOf(urls.cn1, 'kerege_connector_disputes_number', {}),
      ]);
    const genuine = (topic: string) => records.of(topic).filter(({ value }) => isGenuine(topic, value));
    const [openings, deliveries] = [genuine(topics.opening), genuine(topics.correction)];
    expect([openings.length > 4, deliveries.length > 1]).toEqual([true, true]);
    const before = await settled(counts);
    const [came, wrong] = [await arrived(), await flawed()];
    for (const copies of [openings, deliveries]) {
      await records.again(copies.toReversed());
      await records.again(copies);
    }
    // One behind them all: when it is put away, they were read.
    await records.bus.publish([{ topic: topics.correction, partition: 0, value: Buffer.from('x') }]);
    await reaches(arrived, came + 2 * openings.length);
    await reaches(flawed, wrong + 1);
    expect(await settled(counts)).toEqual(before);
  });

  it('leave the leaves of the log in the order of the broker', async () => {
    const leaves = await leavesOf(bus.instance);
    const end = await records.bus.endOffset(fixedTopics.stamp.name, 0);
    await eventually(() => records.of(topics.stamp).at(-1)?.offset === end - 1n);
    const offsets = records.firstStamps();
    const order = leaves.map(({ hash }) => offsets.get(hash) ?? -1n);
    expect(order).toEqual(order.toSorted((a, b) => (a < b ? -1 : 1)));
    expect(order).not.toContain(-1n);
  });
});
