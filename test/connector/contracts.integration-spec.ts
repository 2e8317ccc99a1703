import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConnectorNetwork } from './connector-network.js';
import { SERVICE, type Mischief } from './evil-gateway.js';

const schema = {
  type: 'object',
  required: ['pin'],
  properties: { pin: { type: 'string' }, sum: { type: 'integer' } },
};
const answers = {
  '200': {
    content: {
      'application/json': { schema: { type: 'object', required: ['ok'], properties: { ok: { type: 'boolean' } } } },
    },
  },
};
const document = JSON.stringify({
  openapi: '3.1.0',
  paths: {
    '/{pin}': { get: { responses: answers } },
    '/claims': {
      post: { requestBody: { required: true, content: { 'application/json': { schema } } }, responses: answers },
    },
    '/parcels/{id}': { get: { responses: answers } },
  },
});

const registry = createServer((_request, response) => response.end(document));

async function networkWith(contract: string, registryUrl: string): Promise<ConnectorNetwork> {
  const made = await ConnectorNetwork.create(
    (text) =>
      text.replace(
        'code: persons',
        `code: persons\n            openapi: persons.json\n            contract: ${contract}`,
      ),
    document,
  );
  await made.start({ registryUrl });
  return made;
}

function urlOf(): string {
  const address = registry.address();
  return `http://127.0.0.1:${String(typeof address === 'object' ? address?.port : 0)}`;
}

function claims(body: string): Mischief {
  return {
    ...{ method: 'POST', target: `/r1/${SERVICE}/claims`, body: Buffer.from(body) },
    headers: [['Content-Type', 'application/json']],
    payload: { ep: 'POST /claims' },
  };
}

const bad = claims('{"pin":"TEST000001","sum":"much"}');
const good = claims('{"pin":"TEST000001","sum":7}');

beforeAll(() => new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve)));
afterAll(() => new Promise((resolve) => registry.close(resolve)));

describe('a connector that enforces the contract of its service', () => {
  let network: ConnectorNetwork;
  beforeAll(async () => {
    network = await networkWith('{ requests: enforce, answers: enforce }', urlOf());
  }, 60_000);
  afterAll(() => network.close());

  it('refuses and states a bad call that a gateway has sent all the same', async () => {
    const sent = await network.send(bad);
    const { payload } = (await network.answerTo(sent)).statement;
    expect(payload).toMatchObject({ t: 'exchange.refused', why: 'request-contract' });
    expect(network.callsOf(sent)).toHaveLength(0);
  });

  it('lets a good one through', async () => {
    const sent = await network.send(good);
    expect((await network.answerTo(sent)).statement.payload).toMatchObject({ t: 'exchange.answered', st: 200 });
  });

  it('lets nothing out of an answer that is not as declared', async () => {
    const { answer } = network.agency;
    network.agency.answer = (_call, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"ok":"leaked"}');
    };
    const sent = await network.send(good);
    const told = await network.answerTo(sent);
    network.agency.answer = answer;
    expect(told.statement.payload).toMatchObject({
      t: 'exchange.failed',
      why: 'answer-contract',
      side: 'provider-system',
    });
    expect(told.content).toBeUndefined();
    expect(network.callsOf(sent)).toHaveLength(1);
  });
});

describe('a connector without the registry', () => {
  it.each([
    ['goes on where it only reports', '{ requests: report, answers: report }', { t: 'exchange.answered' }],
    ['calls nobody where it enforces', '{ answers: enforce }', { t: 'exchange.refused', why: 'contract-unusable' }],
  ])(
    '%s',
    async (_, contract, payload) => {
      const network = await networkWith(contract, 'http://127.0.0.1:1');
      try {
        expect((await network.answerTo(await network.send(bad))).statement.payload).toMatchObject(payload);
      } finally {
        await network.close();
      }
    },
    60_000,
  );
});
