import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConnectorNetwork } from './connector-network.js';
import { SERVICE, type Mischief } from './evil-gateway.js';

/** Neither today nor tomorrow, wherever the test runs across midnight; 1 is Monday. */
const CLOSED_TODAY = ((new Date().getUTCDay() + 2) % 7) + 1;

/** The agreement of the sample, split by endpoint, each with a condition of its own. */
function conditions(text: string): string {
  const one = (endpoint: string, condition: string) =>
    `{ consumer: GOV/1000/mygov, service: persons, endpoints: ["${endpoint}"], purposes: [citizen-view], ${condition}, until: 2099-12-31 }`;
  const hours = `hours: { days: [${String(CLOSED_TODAY)}], from: "00:00", until: "24:00", timeZone: UTC }`;
  const split = [
    one('GET /{pin}', 'context: [issue], subjectKinds: [TEST/PIN]'),
    one('POST /claims', 'subjectKinds: [TEST/BIN]'),
    one('GET /parcels/{id}', hours),
  ];
  return text.replace(/\{ consumer: GOV\/1000\/mygov, .*\}/, split.join('\n          - '));
}

let network: ConnectorNetwork;
beforeAll(async () => {
  network = await ConnectorNetwork.create(conditions);
  await network.start();
}, 60_000);
afterAll(() => network.close());

const issue: Mischief = { headers: [['X-Road-Issue', 'case 7']] };
const claims: Mischief = {
  ...{ method: 'POST', target: `/r1/${SERVICE}/claims`, body: Buffer.from('{"pin":"TEST000001"}') },
  headers: [['Content-Type', 'application/json']],
  payload: { ep: 'POST /claims' },
};
const parcels: Mischief = {
  ...{ target: `/r1/${SERVICE}/parcels/7`, subject: undefined },
  payload: { ep: 'GET /parcels/{id}' },
};

/** A gateway that lets everything through gains nothing: the provider's own copy of the agreement decides. */
describe('a connector whose agreements have conditions', () => {
  it.each<[string, Mischief, object, number]>([
    ['calls when all are met', issue, { t: 'exchange.answered' }, 1],
    ['does not without the context that is asked for', {}, { t: 'exchange.refused', why: 'context-missing' }, 0],
    ['does not for another kind of person', claims, { t: 'exchange.refused', why: 'subject-kind-not-agreed' }, 0],
    ['does not outside the hours', parcels, { t: 'exchange.refused', why: 'outside-agreed-hours' }, 0],
  ])('%s', async (_, mischief, payload, calls) => {
    const sent = await network.send(mischief);
    expect((await network.answerTo(sent)).statement.payload).toMatchObject(payload);
    expect(network.callsOf(sent)).toHaveLength(calls);
  });
});
