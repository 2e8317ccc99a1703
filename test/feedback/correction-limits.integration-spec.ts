import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { CaseWalk } from './case-walk.js';
import {
  ADDRESS,
  BIRTH,
  BIRTH_ITEM,
  Filing,
  OTHER_OWNER,
  OWNER,
  PORTAL,
  PROPERTY,
  RECIPIENT,
  type Said,
} from './filing.js';

jest.setTimeout(180_000);

/** The service shows the date of birth at its other endpoint as well. */
const CLAIMS = 'POST /claims';
const CLAIMED = `  - { service: GOV/1001/population/persons, endpoint: "${CLAIMS}", pointer: /born, element: ${BIRTH} }\n`;
const ADDRESS_ITEM = { element: ADDRESS, pointer: '/address', doubted: 'x' } as const;
const PROPERTY_ITEM = { element: PROPERTY, pointer: '/property', doubted: 'x' } as const;

describe('limits against abuse', () => {
  let filing: Filing;

  beforeAll(async () => {
    filing = await Filing.create((text) => text.replace('elementPlaces:\n', `elementPlaces:\n${CLAIMED}`));
    await filing.start({ maxDisputesPerElement: 1, maxOpenCorrections: 2 });
  });
  afterAll(() => filing.close());

  const claimed = (code: string) => filing.seen(code, PORTAL, CLAIMS);
  const withdrawn = async (code: string, id: string) => {
    await filing.portalStep(code, `/v1/corrections/${id}/steps`, { act: 'withdraw' });
    await filing.until(code, id, ({ state }) => state === 'WITHDRAWN');
  };
  const word = ({ status, body }: Said) => [status, body['refusal'] ?? body['code'] ?? 'taken'];

  it('lets one person doubt one datum so often at once, wherever it is shown, and others meanwhile', async () => {
    const code = 'TEST000001';
    const first = await filing.routed({ code, exchangeId: await filing.seen(code) });
    const elsewhere = {
      ...{ code, exchangeId: await claimed(code), items: [{ ...BIRTH_ITEM, pointer: '/born' }] },
      changes: { endpoint: CLAIMS },
    };
    const second = await filing.file(elsewhere);
    expect(word(second.said)).toEqual([409, 'disputes-too-many']);
    expect(second.said.body['hint']).toEqual(expect.any(String));
    const other = 'TEST000002';
    const others = { ...elsewhere, code: other, exchangeId: await claimed(other) };
    expect(word((await filing.file(others)).said)).toEqual([200, 'taken']);
    // What has ended counts no more.
    await withdrawn(code, first.id);
    expect(word((await filing.file(elsewhere)).said)).toEqual([200, 'taken']);
  });

  it('lets one person have so many open cases at once, about whatever, and others meanwhile', async () => {
    const code = 'TEST000003';
    const exchangeId = await filing.seen(code);
    const first = await filing.routed({ code, exchangeId });
    await filing.routed({ code, exchangeId, items: [ADDRESS_ITEM] });
    const third = { code, exchangeId, items: [PROPERTY_ITEM] };
    expect(word((await filing.file(third)).said)).toEqual([429, 'cases-too-many']);
    const other = 'TEST000004';
    expect(word((await filing.file({ code: other, exchangeId: await filing.seen(other) })).said)[0]).toBe(200);
    await withdrawn(code, first.id);
    expect(word((await filing.file(third)).said)).toEqual([200, 'taken']);
  });

  it('lets owners hand a case on twice, and not once more', async () => {
    const walk = await CaseWalk.filed(filing, 'TEST000005', { items: [PROPERTY_ITEM] });
    await walk.received(OTHER_OWNER);
    const { feedback } = await filing.network.databases();
    // As if two owners had had it before; there is no third one here to whom the registry allows it.
    await feedback.query(`UPDATE correction_case SET record = jsonb_set(record, '{hops}', $2) WHERE id = $1`, [
      walk.id,
      JSON.stringify([PORTAL, RECIPIENT]),
    ]);
    const on = { act: 'transfer', target: OWNER, reason: 'not-our-element' };
    const said = await filing.memberStep(OTHER_OWNER, `/v1/owner/corrections/${walk.id}/steps`, on);
    expect(said).toMatchObject({
      status: 409,
      body: { code: 'case-refused', refusal: 'hop-limit', hint: 'Let the operator assign it.' },
    });
    expect(await walk.until('RECEIVED')).toMatchObject({ owner: OTHER_OWNER });
  });
});
