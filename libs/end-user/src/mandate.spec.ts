import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TestIssuer, type MintChanges } from '#testing';
import { AssertionMemory } from './assertion-memory.js';
import { verifyEndUser } from './verify-end-user.js';

const PORTAL = 'TEST/GOV/1000/mygov';
const SERVICE = 'TEST/GOV/1001/population/persons';
const CITIZEN = 'TEST/PIN/TEST000007';
const FIRM = 'TEST/FIRM/F-0001';

let home: TestIssuer;
let register: TestIssuer;
let memory: AssertionMemory;
let issuers: readonly TestIssuer['entry'][];
beforeAll(async () => {
  home = await TestIssuer.create();
  register = await TestIssuer.create('https://mandates.test.example');
});
beforeEach(() => {
  issuers = [home.entry, { ...register.entry, people: [] }];
  memory = new AssertionMemory();
});

const nowS = () => Math.floor(Date.now() / 1000);
const give = (changes: MintChanges = {}, by = CITIZEN, subject = FIRM) => register.mandate(by, subject, changes);

async function shown(mandates: readonly string[], service: string | undefined = SERVICE) {
  const assertion = await home.mint('TEST000007', PORTAL);
  const presentation = [assertion, ...mandates].join('~');
  return verifyEndUser(presentation, { issuers, consumer: PORTAL, service, nowMs: Date.now(), memory });
}

async function represented(mandates: readonly string[], service?: string) {
  const read = await shown(mandates, service);
  return read.ok ? read.value.represents.map(({ country, type, code }) => `${country}/${type}/${code}`) : read.reason;
}

describe('a mandate', () => {
  it('lets its person act for whom it names, and is shown behind their assertion', async () => {
    expect(await represented([])).toEqual([]);
    expect(await represented([await give()])).toEqual([FIRM]);
    const [child, firm] = [await give({}, CITIZEN, 'test/pin/test000013'), await give()];
    expect(await represented([child, firm])).toEqual(['TEST/PIN/TEST000013', FIRM]);
  });

  it('counts only for the services for which it was given', async () => {
    const mandate = await give({ claims: { services: [SERVICE] } });
    expect(await represented([mandate])).toEqual([FIRM]);
    expect(await represented([mandate], 'TEST/GOV/1002/cadastre/properties')).toEqual([]);
    const read = await home.mint('TEST000007', PORTAL);
    const question = { issuers, consumer: PORTAL, service: undefined, nowMs: Date.now(), memory };
    expect(await verifyEndUser(`${read}~${mandate}`, question)).toMatchObject({ ok: true, value: { represents: [] } });
  });

  it('ends with its revocation in the registry, and only that one', async () => {
    const jti = 'mandate-0000000000000001';
    const [ended, other] = [await give({ claims: { jti } }), await give()];
    expect(await represented([ended])).toEqual([FIRM]);
    issuers = issuers.map((entry) =>
      entry.mandates === undefined ? entry : { ...entry, mandates: { ...entry.mandates, revoked: [jti] } },
    );
    expect(await represented([ended])).toBe('mandate-revoked');
    expect(await represented([other])).toEqual([FIRM]);
  });
});

describe('a mandate is refused', () => {
  const cases: readonly [what: string, reason: string, token: () => Promise<string> | string][] = [
    ['expired', 'mandate-expired', () => give({ claims: { exp: nowS() - 1 } })],
    ['not valid yet', 'mandate-not-yet-valid', () => give({ claims: { nbf: nowS() + 60 } })],
    ['made in the future', 'mandate-not-yet-valid', () => give({ claims: { iat: nowS() + 60 } })],
    ['of somebody else', 'mandate-foreign', () => give({}, 'TEST/PIN/TEST000008')],
    [
      'to a kind of person whom its register may not name',
      'mandate-foreign',
      () => give({}, 'TEST/OFFICIAL/TEST000007'),
    ],
    [
      'for a kind of subject whom its register may not name',
      'mandate-foreign',
      () => give({}, CITIZEN, 'TEST/DOG/REX'),
    ],
    ['of an unknown register', 'mandate-issuer-unknown', () => give({ claims: { iss: 'https://x.example' } })],
    ['signed by the issuer of assertions in its name', 'mandate-unverified', () => give({ key: home.key })],
    ['of an unknown key', 'mandate-unverified', () => give({ header: { kid: 'unknown' } })],
    ['an assertion', 'mandate-malformed', () => home.mint('TEST000007', PORTAL)],
    ['of another kind of JWT', 'mandate-malformed', () => give({ header: { typ: 'JWT' } })],
    ['without a kind', 'mandate-malformed', () => give({ header: { typ: undefined } as object })],
    ['that lets nobody act', 'mandate-malformed', () => give({ claims: { act: undefined } })],
    ['for nobody', 'mandate-malformed', () => give({}, CITIZEN, 'FIRM')],
    ['without an end', 'mandate-malformed', () => give({ claims: { exp: undefined } })],
    ['with an id that can be guessed', 'mandate-malformed', () => give({ claims: { jti: '7' } })],
    ['for no service', 'mandate-malformed', () => give({ claims: { services: [] } })],
    ['too long', 'mandate-malformed', () => give({ claims: { pad: 'x'.repeat(2_000) } })],
    ['empty', 'mandate-malformed', () => ''],
    ['no JWT', 'mandate-malformed', () => FIRM],
  ];
  it.each(cases)('%s: %s', async (_what, reason, token) => {
    expect(await represented([await token()])).toBe(reason);
    // One that does not stand refuses the whole, whatever stands beside it.
    expect(await represented([await give(), await token()])).toBe(reason);
  });

  it('beside more than two others', async () => {
    const mandate = await give();
    expect(await represented([mandate, mandate, mandate])).toHaveLength(3);
    expect(await represented([mandate, mandate, mandate, mandate])).toBe('mandate-malformed');
  });

  it('in the place of an assertion', async () => {
    const question = { issuers, consumer: PORTAL, service: SERVICE, nowMs: Date.now(), memory };
    expect(await verifyEndUser(await give(), question)).toEqual({ ok: false, reason: 'end-user-malformed' });
  });

  it('of a register that may give none', async () => {
    const mandate = await home.mandate(CITIZEN, FIRM);
    expect(await represented([mandate])).toEqual([FIRM]);
    issuers = [{ ...home.entry, mandates: undefined }];
    expect(await represented([mandate])).toBe('mandate-foreign');
  });
});
