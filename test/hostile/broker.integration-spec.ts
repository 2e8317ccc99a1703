import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { partitionOf, type ReceivedRecord } from '#bus';
import { AnswerSchema, decode, encode, fixedTopics, message, replyTopic, RequestSchema } from '#contracts';
import { exchangeIdBytes, exchangeIdFromBytes, newExchangeId } from '#kernel';
import type { RunningApp } from '#platform';
import { parseStatement } from '#signing';
import { eventually } from '#testing';
import { CONSUMER, PROVIDER } from '../audit/audit-network.js';
import { forgedWorld } from './attacker.js';
import { losing, tap } from './broker-in-the-middle.js';
import { HostileNetwork } from './hostile-network.js';

jest.setTimeout(120_000);

type Fields = Partial<ReturnType<typeof decodeRequest>>;
const decodeRequest = (value: Uint8Array) => decode(RequestSchema, value);
const idOf = (record: ReceivedRecord) => exchangeIdFromBytes(decodeRequest(record.value).exchangeId) ?? '';
const EVIL = 'TEST/gw9';

describe('whoever has the broker and the registry’s key', () => {
  let network: HostileNetwork;
  let gateway: RunningApp;
  let requests: ReceivedRecord[];
  let answers: ReceivedRecord[];
  let dead: ReceivedRecord[];

  beforeAll(async () => {
    network = await HostileNetwork.create();
    const { instances } = network.world.snapshot;
    const evil = {
      ...{ id: EVIL as never, kind: 'gateway' as const, runBy: 'TEST/GOV/1009' },
      ...{ serves: [CONSUMER as never], reply: replyTopic(EVIL).name },
    };
    // In the log and in force: the registry may say who runs gateways.
    await network.publish(forgedWorld(network.world, 3, { instances: [...instances, evil] }));
    [gateway] = await Promise.all([network.startGateway(), network.startConnector()]);
    const topics = network.world.snapshot.topics[PROVIDER];
    [requests, answers, dead] = await Promise.all([
      tap(network.bus, topics?.request.name ?? ''),
      tap(network.bus, network.audit.replyTopic),
      tap(network.bus, topics?.dead ?? ''),
    ]);
  });
  afterEach(async () => {
    expect((await network.ask(gateway)).status).toBe(200);
  });
  afterAll(() => network.close());

  /** An honest exchange, and what the attacker saw of it on the broker. */
  async function watched(): Promise<{ readonly id: string; readonly request: ReceivedRecord }> {
    const { exchange, status } = await network.ask(gateway);
    expect(status).toBe(200);
    return { id: exchange, request: await eventually(() => requests.find((one) => idOf(one) === exchange)) };
  }

  async function send(fields: Fields, genuine: ReceivedRecord): Promise<void> {
    const { request } = network.world.snapshot.topics[PROVIDER] ?? {};
    const changed = message(RequestSchema, { ...decodeRequest(genuine.value), ...fields });
    const partition = partitionOf(changed.exchangeId, request?.partitions ?? 1);
    const value = encode(RequestSchema, changed);
    await network.bus.publish([{ topic: request?.name ?? '', partition, key: 'x', value }]);
  }

  /** Reason with which the connector puts it away. */
  async function deadReason(act: () => Promise<void>): Promise<string | undefined> {
    const before = dead.length;
    await act();
    const letter = await eventually(() => dead[before], { timeoutMs: 15_000 });
    return letter.headers['dead-reason']?.[0];
  }

  const calls = () => network.agency.calls.length;

  it('gets no second call and no second leaf for a request that is sent again', async () => {
    const { id, request } = await watched();
    const leaves = await network.leavesOf(id);
    const before = calls();
    await send({}, request);
    await watched();
    expect([calls() - before, await network.leavesOf(id)]).toEqual([1, leaves]);
    expect(leaves).toEqual([`exchange.requested by ${CONSUMER}`, `exchange.answered by ${PROVIDER}`]);
  });

  it('cannot send a request under another statement or id', async () => {
    const [one, other] = [await watched(), await watched()];
    const before = calls();
    const { statement } = decodeRequest(other.request.value);
    const fresh = newExchangeId();
    const attempts: readonly (readonly [Fields, string])[] = [
      [{ statement }, 'envelope-mismatch'],
      [{ exchangeId: exchangeIdBytes(fresh) }, 'envelope-mismatch'],
    ];
    for (const [fields, reason] of attempts) expect(await deadReason(() => send(fields, one.request))).toBe(reason);
    expect(calls()).toBe(before);
  });

  it('cannot give sealed content another listener, deadline or statement, though the registry names its gateway as one', async () => {
    // It holds the genuine request back, and sends it on with its own gateway to listen.
    const heard = await tap(network.bus, replyTopic(EVIL).name);
    let held: Buffer | undefined;
    const bus = losing(network.bus, ({ topic, value }) => {
      const isRequest = topic === network.world.snapshot.topics[PROVIDER]?.request.name;
      if (isRequest) held = Buffer.from(value ?? []);
      return isRequest;
    });
    const robbed = await network.startGateway({ bus, name: 'robbed' });
    const asked = network.ask(robbed);
    const value = await eventually(() => held);
    const genuine = { value } as ReceivedRecord;
    const { content: foreign } = decodeRequest((await watched()).request.value);
    const before = calls();
    const attempts: readonly Fields[] = [
      { replyTopic: replyTopic(EVIL).name },
      { deadlineMs: decodeRequest(value).deadlineMs + 1n },
      foreign === undefined ? {} : { content: foreign },
    ];
    for (const fields of attempts) expect(await deadReason(() => send(fields, genuine))).toBe('content-unreadable');
    expect(calls()).toBe(before);
    const { status, exchange } = await asked;
    expect(status).toBeGreaterThanOrEqual(500);
    expect(heard.filter(({ headers }) => headers['type']?.[0] === 'answer')).toEqual([]);
    expect(await network.leavesOf(exchange)).not.toContain(`exchange.answered by ${PROVIDER}`);
    await network.stop(robbed);
  });

  it('cannot pass off an old answer as that to a new question', async () => {
    const old = await watched();
    const answer = await eventually(() =>
      answers.find(
        ({ headers, value }) =>
          headers['type']?.[0] === 'answer' && exchangeIdFromBytes(decode(AnswerSchema, value).exchangeId) === old.id,
      ),
    );
    const before = new Set(requests.map(idOf));
    network.agency.answer = () => undefined;
    const asked = network.ask(gateway);
    const request = await eventually(() => requests.find((one) => !before.has(idOf(one))));
    const stale = message(AnswerSchema, {
      ...decode(AnswerSchema, answer.value),
      exchangeId: decodeRequest(request.value).exchangeId,
    });
    await network.bus.publish([
      {
        topic: network.audit.replyTopic,
        partition: 0,
        value: encode(AnswerSchema, stale),
        headers: { type: 'answer' },
      },
    ]);
    await network.alarmOf('gw1', 'answer-rejected');
    expect((await asked).status).toBeGreaterThanOrEqual(500);
    network.agency.answer = (_call, response) => void response.writeHead(200).end('{"ok":true}');
  });

  it('gains nothing by losing a gateway’s stamps: the connector stamps, or nothing is answered', async () => {
    const stampTopic = fixedTopics.stamp.name;
    const isStamp = ({ topic, value }: { topic: string; value: Uint8Array | null }) => {
      if (topic !== stampTopic) return false;
      const parsed = parseStatement(Buffer.from(value ?? []).toString('latin1'));
      return parsed.ok && parsed.value.payload.t.startsWith('exchange.');
    };
    const robbed = await network.startGateway({ bus: losing(network.bus, isStamp), name: 'unstamped' });
    const { status, exchange } = await network.ask(robbed);
    expect(status).toBe(200);
    // Their order is the broker's to choose.
    expect((await network.leavesOf(exchange)).sort()).toEqual([
      `exchange.answered by ${PROVIDER}`,
      `exchange.requested by ${CONSUMER}`,
    ]);
    await network.stop(robbed);
  });
});
