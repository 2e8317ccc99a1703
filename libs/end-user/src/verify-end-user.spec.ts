import { beforeAll, describe, expect, it } from '@jest/globals';
import { exportSPKI, generateKeyPair, importJWK } from 'jose';
import { TestIssuer, type MintChanges } from '#testing';
import { AssertionMemory } from './assertion-memory.js';
import { verifyEndUser } from './verify-end-user.js';

const PORTAL = 'TEST/GOV/1000/mygov';
const OTHER = 'TEST/GOV/1003/benefits';
const CITIZEN = 'TEST000007';

let home: TestIssuer;
let neighbour: TestIssuer;
let memory: AssertionMemory;
beforeAll(async () => {
  home = await TestIssuer.create();
  neighbour = await TestIssuer.create('https://id.neighbour.example');
});

let issuers: readonly TestIssuer['entry'][];
beforeAll(() => {
  issuers = [home.entry, neighbour.entry];
  memory = new AssertionMemory();
});

function check(token: string, consumer = PORTAL, nowMs = Date.now()) {
  return verifyEndUser(token, { issuers, consumer, service: undefined, nowMs, memory });
}

const mint = (changes: MintChanges = {}) => home.mint(CITIZEN, PORTAL, changes);
const nowS = () => Math.floor(Date.now() / 1000);

describe('an assertion', () => {
  it('tells who acts and for whom, as the issuer’s entry says how to read it', async () => {
    const represents = ['TEST000013', 'OTHER/ID/X-1'];
    const read = await check(await mint({ claims: { represents } }));
    expect(read).toMatchObject({
      ok: true,
      value: {
        kind: 'citizen',
        issuer: home.entry.issuer,
        user: { country: 'TEST', type: 'PIN', code: CITIZEN },
        represents: [
          { country: 'TEST', type: 'PIN', code: 'TEST000013' },
          { country: 'OTHER', type: 'ID', code: 'X-1' },
        ],
      },
    });
  });

  it('may be of an official, an access token, in lower case, and with claims that nobody knows', async () => {
    const changes = { claims: { kind: 'official', shoeSize: 42 }, header: { typ: 'at+jwt' } };
    const read = await check(await home.mint('off000001', PORTAL, changes));
    expect(read).toMatchObject({
      ok: true,
      value: { kind: 'official', user: { country: 'TEST', type: 'OFFICIAL', code: 'OFF000001' }, represents: [] },
    });
  });

  it('may be shown by its consumer for every call of a page', async () => {
    const token = await mint();
    const all = await Promise.all(Array.from({ length: 12 }, () => check(token)));
    expect(all.every(({ ok }) => ok)).toBe(true);
  });

  it('of several consumers belongs to the first that shows it', async () => {
    const token = await home.mint(CITIZEN, [PORTAL, OTHER]);
    expect((await check(token, OTHER)).ok).toBe(true);
    expect((await check(token, OTHER)).ok).toBe(true);
    expect(await check(token)).toEqual({ ok: false, reason: 'end-user-replayed' });
    // The same id once more, in other bytes.
    const jti = 'one-and-the-same';
    expect((await check(await home.mint(CITIZEN, [PORTAL, OTHER], { claims: { jti } }))).ok).toBe(true);
    const again = await home.mint(CITIZEN, [OTHER, PORTAL], { claims: { jti } });
    expect(await check(again, OTHER)).toEqual({ ok: false, reason: 'end-user-replayed' });
  });
});

describe('an assertion is refused', () => {
  const tampered = async () => {
    const [head, , signature] = (await mint()).split('.');
    const [, payload] = (await home.mint('TEST000008', PORTAL)).split('.');
    return `${head}.${payload}.${signature}`;
  };
  const unsigned = async () => {
    const head = Buffer.from(JSON.stringify({ alg: 'none', kid: home.kid })).toString('base64url');
    return `${head}.${(await mint()).split('.')[1]}.`;
  };
  const byPublicKey = async () => {
    const { x = '' } = home.entry.keys[0]!;
    const key = await importJWK({ kty: 'OKP', crv: 'Ed25519', x }, 'EdDSA', { extractable: true });
    const spki = key instanceof Uint8Array ? '' : await exportSPKI(key);
    expect(spki).toContain('PUBLIC KEY');
    return mint({ header: { alg: 'HS256' }, key: Buffer.from(spki) });
  };
  const byOtherAlgorithm = async () =>
    mint({ header: { alg: 'ES256' }, key: (await generateKeyPair('ES256')).privateKey });
  const cases: readonly [what: string, reason: string, token: () => Promise<string> | string][] = [
    ['expired', 'end-user-expired', () => mint({ claims: { iat: nowS() - 400, exp: nowS() - 1 } })],
    ['not valid yet', 'end-user-not-yet-valid', () => mint({ claims: { nbf: nowS() + 60 } })],
    ['made in the future', 'end-user-not-yet-valid', () => mint({ claims: { iat: nowS() + 60 } })],
    ['good for longer than ten minutes', 'end-user-long-lived', () => mint({ claims: { exp: nowS() + 601 } })],
    [
      'of an issuer that nobody registered',
      'end-user-issuer-unknown',
      () => mint({ claims: { iss: 'https://x.example' } }),
    ],
    ['of another issuer’s name', 'end-user-unverified', () => mint({ claims: { iss: neighbour.entry.issuer } })],
    ['for another consumer', 'end-user-audience', () => home.mint(CITIZEN, OTHER)],
    ['wanted by another consumer', 'end-user-audience', () => mint({ claims: { aud: [PORTAL, OTHER], azp: OTHER } })],
    ['unsigned', 'end-user-unverified', unsigned],
    ['signed with the public key as a secret', 'end-user-unverified', byPublicKey],
    ['signed by another algorithm than its key’s', 'end-user-unverified', byOtherAlgorithm],
    ['of an unknown key', 'end-user-unverified', () => mint({ header: { kid: 'unknown' } })],
    ['without a key’s name', 'end-user-unverified', () => mint({ header: { kid: undefined } as object })],
    [
      'signed with the key of another issuer',
      'end-user-unverified',
      () => mint({ header: { kid: neighbour.kid }, key: neighbour.key }),
    ],
    ['another’s claims under its signature', 'end-user-unverified', tampered],
    [
      'with a critical header that nobody knows',
      'end-user-unverified',
      async () => {
        const crit = Buffer.from(JSON.stringify({ alg: 'EdDSA', kid: home.kid, crit: ['x'], x: 1 })).toString(
          'base64url',
        );
        const [, payload, signature] = (await mint()).split('.');
        return `${crit}.${payload}.${signature}`;
      },
    ],
    ['no JWT', 'end-user-malformed', () => 'TEST000007'],
    ['four parts', 'end-user-malformed', async () => `${await mint()}.x`],
    ['no JSON', 'end-user-malformed', () => 'AAAA.AAAA.AAAA'],
    ['too long', 'end-user-malformed', () => mint({ claims: { pad: 'x'.repeat(4_000) } })],
    ['another kind of JWT', 'end-user-malformed', () => mint({ header: { typ: 'logout+jwt' } })],
    ['without an id', 'end-user-malformed', () => mint({ claims: { jti: undefined } })],
    ['without an expiry', 'end-user-malformed', () => mint({ claims: { exp: undefined } })],
    ['whose expiry is a text', 'end-user-malformed', () => mint({ claims: { exp: String(nowS() + 60) } })],
    ['whose subject is a list', 'end-user-malformed', () => mint({ claims: { sub: [CITIZEN] } })],
    ['whose subject is no code', 'end-user-malformed', () => home.mint('one two', PORTAL)],
    ['whose represented are no list', 'end-user-malformed', () => mint({ claims: { represents: 'TEST000013' } })],
    ['whose represented are no codes', 'end-user-malformed', () => mint({ claims: { represents: [CITIZEN, 7] } })],
    ['after a weak sign-in', 'end-user-assurance', () => mint({ claims: { acr: 'low' } })],
    ['whose sign-in is a list', 'end-user-assurance', () => mint({ claims: { acr: ['high'] } })],
  ];
  it.each(cases)('%s: %s', async (_what, reason, token) => {
    expect(await check(await token())).toEqual({ ok: false, reason });
  });

  it('of people for whom its issuer may not speak', async () => {
    const [officials] = home.entry.people;
    issuers = [{ ...home.entry, people: officials === undefined ? [] : [officials] }];
    expect(await check(await mint())).toEqual({ ok: false, reason: 'end-user-unknown' });
    issuers = [home.entry, neighbour.entry];
  });
});

describe('what is remembered', () => {
  it('ends with the life of the assertion', async () => {
    const token = await mint();
    expect((await check(token)).ok).toBe(true);
    expect(await check(token, PORTAL, Date.now() + 301_000)).toEqual({ ok: false, reason: 'end-user-expired' });
  });

  it('ends when the registry no longer names the key', async () => {
    const token = await mint();
    expect((await check(token)).ok).toBe(true);
    issuers = [{ ...home.entry, keys: neighbour.entry.keys }];
    expect(await check(token)).toEqual({ ok: false, reason: 'end-user-unverified' });
    issuers = [home.entry, neighbour.entry];
  });

  it('costs one check of a signature for many calls, and no more room than it has', async () => {
    const verify = globalThis.crypto.subtle.verify.bind(globalThis.crypto.subtle);
    let checks = 0;
    globalThis.crypto.subtle.verify = (...given: Parameters<typeof verify>) => {
      checks += 1;
      return verify(...given);
    };
    memory = new AssertionMemory({ checked: 2, owned: 2 });
    try {
      const [first, second, third] = await Promise.all([mint(), mint(), mint()]);
      await Promise.all(Array.from({ length: 12 }, () => check(first)));
      expect(checks).toBe(1);
      for (const token of [first, second, third, third]) await check(token);
      expect(checks).toBe(3);
      await check(first);
      expect(checks).toBe(4);
    } finally {
      globalThis.crypto.subtle.verify = verify;
    }
  });
});
