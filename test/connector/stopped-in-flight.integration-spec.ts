import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ServerResponse } from 'node:http';
import type { MemberDocument } from '#snapshot';
import { eventually } from '#testing';
import { ConnectorNetwork } from './connector-network.js';
import { CONSUMER, PROVIDER, SERVICE, type Crafted, type Mischief } from './evil-gateway.js';

const claims: Mischief = {
  ...{ method: 'POST', target: `/r1/${SERVICE}/claims`, body: Buffer.from('{"pin":"TEST000001"}') },
  headers: [['Content-Type', 'application/json']],
  payload: { ep: 'POST /claims' },
};
const member = CONSUMER.split('/').slice(1, 3).join('/');
const consumer = CONSUMER.split('/').slice(1).join('/');
const provider = PROVIDER.split('/').slice(1).join('/');
const because = { reason: 'under investigation' };

function stopped(document: MemberDocument): MemberDocument {
  const subsystems = document.subsystems.map((subsystem) => ({
    ...subsystem,
    agreements: subsystem.agreements.map((agreement) => ({ ...agreement, stopped: 'under investigation' })),
  }));
  return { ...document, subsystems };
}

let network: ConnectorNetwork;
let number = 1;
/** Calls that the agency has begun and not answered. */
let held: ServerResponse[] = [];
beforeAll(async () => {
  network = await ConnectorNetwork.create((text) => text.replace('timeoutMs: 2000', 'timeoutMs: 20000'));
  // One call at the agency at a time: the next waits for its turn at the connector.
  await network.start({ agencyConnections: 1 });
}, 120_000);
afterAll(() => network.close());

const hold = () => {
  held = [];
  network.agency.answer = (_call, response) => void held.push(response);
};
const answerAll = () => {
  network.agency.answer = (_call, response) => void answered(response);
  for (const response of held.splice(0)) answered(response);
};
const answered = (response: ServerResponse) =>
  response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"ok":true}');

/** The connector judges by the new snapshot as soon as it refuses, or lets through, what is asked anew. */
const isRefused = async (isSo: boolean) => {
  await eventually(
    async () => {
      const sent = await network.send();
      const outcome = (await network.answerTo(sent, 1_000).catch(() => undefined))?.statement.payload.t;
      return isSo === (outcome === 'exchange.refused');
    },
    { timeoutMs: 20_000 },
  );
};

async function restore(): Promise<void> {
  await network.publishChange((number += 1));
  await isRefused(false);
}

const whyOf = async (sent: Crafted) => {
  const { statement, content } = await network.answerTo(sent, 20_000);
  return {
    t: statement.payload.t,
    why: statement.payload.why,
    isSealed: content !== undefined,
    snap: statement.payload.snap,
  };
};

describe('a call in flight when somebody stops it', () => {
  it.each([
    ['the member of who asks is suspended', 'consumer-suspended', [{ of: member, ...because }]],
    ['who asks is suspended', 'consumer-suspended', [{ of: consumer, ...because }]],
    ['the provider is suspended', 'provider-suspended', [{ of: provider, ...because }]],
    ['the service is suspended', 'service-suspended', [{ of: `${provider}/persons`, ...because }]],
    [
      'its endpoint is suspended',
      'endpoint-suspended',
      [{ of: `${provider}/persons`, endpoint: 'GET /{pin}', ...because }],
    ],
    ['the provider stops the agreement', 'agreement-stopped', undefined],
  ])(
    'ends with its reason, waiting or at the agency: %s',
    async (_, why, suspensions) => {
      hold();
      const atAgency = await network.send();
      await eventually(() => held.length === 1, { timeoutMs: 20_000 });
      const waiting = await network.send();
      await (suspensions === undefined
        ? network.publishChange((number += 1), [], stopped)
        : network.publishChange((number += 1), suspensions));
      await isRefused(true);
      answerAll();
      expect(await whyOf(atAgency)).toEqual({ t: 'exchange.refused', why, isSealed: false, snap: number });
      expect(await whyOf(waiting)).toEqual({ t: 'exchange.refused', why, isSealed: false, snap: number });
      expect(network.callsOf(atAgency)).toHaveLength(1);
      expect(network.callsOf(waiting)).toHaveLength(0);
      // The leaf says the same as the answer.
      await eventually(() => network.leavesOf(atAgency).some(({ payload }) => payload.why === why));
      await restore();
    },
    90_000,
  );

  it('is told what it has done, where the agency had begun an unsafe one; one that waited is not made', async () => {
    hold();
    const atAgency = await network.send(claims);
    await eventually(() => held.length === 1, { timeoutMs: 20_000 });
    const waiting = await network.send(claims);
    await network.publishChange((number += 1), [{ of: consumer, ...because }]);
    await isRefused(true);
    answerAll();
    expect(await whyOf(atAgency)).toMatchObject({ t: 'exchange.answered', isSealed: true });
    expect(await whyOf(waiting)).toMatchObject({ t: 'exchange.refused', why: 'consumer-suspended' });
    expect(network.callsOf(waiting)).toHaveLength(0);
    await restore();
  }, 90_000);
});
