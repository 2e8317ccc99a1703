import { describe, expect, it } from '@jest/globals';
import type { SubsystemId } from '#kernel';
import { generateSigningKey, publicJwk } from '#signing';
import { buildWorld, signEntry } from '#testing';
import { parseInstanceDefinition } from './instance-definition.js';
import { verifyMemberEntry } from './member-entry.js';

const PORTAL = 'TEST/GOV/1000/mygov' as SubsystemId;
const CERTIFICATE = 'ab'.repeat(32);
const key = generateSigningKey();
const jwk = publicJwk(key);
const DAY_MS = 24 * 60 * 60_000;

const withCredentials = (credentials: unknown) => (text: string) =>
  text.replace('{ code: mygov }', `{ code: mygov, credentials: ${JSON.stringify(credentials)} }`);
const KEY = { key: jwk, from: '2026-01-01', until: '2026-12-31' };

describe('credentials of a subsystem', () => {
  it('stand in its member’s signed document, under the thumbprints of key and certificate', async () => {
    const colons = CERTIFICATE.toUpperCase().match(/../g)?.join(':');
    const { view } = await buildWorld({
      definition: withCredentials([KEY, { certificate: colons, from: '2026-01-01', until: '2026-01-01' }]),
    });
    expect(view.subsystem(PORTAL)?.credentials).toEqual([
      { kind: 'key', kid: key.kid, jwk, from: '2026-01-01T00:00:00Z', until: '2027-01-01T00:00:00Z' },
      { kind: 'certificate', sha256: CERTIFICATE, from: '2026-01-01T00:00:00Z', until: '2026-01-02T00:00:00Z' },
    ]);
  });

  it('count from their first day to their last, for their own subsystem', async () => {
    const { view } = await buildWorld({ definition: withCredentials([KEY]) });
    const from = Date.parse('2026-01-01T00:00:00Z');
    const until = Date.parse('2027-01-01T00:00:00Z');
    const found = (atMs: number) => view.credential(PORTAL, key.kid, atMs) !== undefined;
    expect([from - 1, from, until - 1, until].map(found)).toEqual([false, true, true, false]);
    expect(view.credential('TEST/GOV/1001/population' as SubsystemId, key.kid, from + DAY_MS)).toBeUndefined();
  });

  it('leave a document without any as it was before there were credentials', async () => {
    const { documents } = await buildWorld();
    for (const { subsystems } of documents.values())
      for (const subsystem of subsystems) expect(Object.keys(subsystem)).not.toContain('credentials');
  });

  it.each<[string, object]>([
    ['neither key nor certificate', { from: '2026-01-01', until: '2026-12-31' }],
    ['both', { ...KEY, certificate: CERTIFICATE }],
    ['a key of another curve', { ...KEY, key: { ...jwk, crv: 'P-256' } }],
    ['a key that is cut', { ...KEY, key: { ...jwk, x: jwk.x.slice(1) } }],
    ['a private key', { ...KEY, key: { ...jwk, d: key.d } }],
    ['a fingerprint that is cut', { ...KEY, key: undefined, certificate: 'ab'.repeat(20) }],
    ['no last day', { key: jwk, from: '2026-01-01' }],
  ])('are refused with %s', (_what, credential) => {
    const subsystems = [{ code: 'mygov', credentials: [credential] }];
    const members = [{ id: 'GOV/1000', name: { en: 'Portal' }, subsystems }];
    const parsed = parseInstanceDefinition(JSON.stringify({ instance: 'TEST', members }));
    expect(parsed).toMatchObject({ ok: false, reason: [{ code: 'definition-invalid' }] });
  });

  it.each<[string, (world: Awaited<ReturnType<typeof buildWorld>>) => object]>([
    ['is the key that signs its statements', ({ keysOf }) => keysOf(PORTAL).sign],
    ['hides behind another key’s name', () => ({ ...key, kid: generateSigningKey().kid })],
  ])('are not believed where one %s', async (_what, made) => {
    const world = await buildWorld({ definition: withCredentials([KEY]) });
    const document = [...world.documents.values()].find(({ member }) => PORTAL.startsWith(member));
    if (document === undefined) throw new TypeError('the portal has no document');
    const published = made(world) as typeof key;
    const [subsystem] = document.subsystems;
    const credentials = [{ kind: 'key', kid: published.kid, jwk: publicJwk(published), ...dates }];
    const changed = { ...document, subsystems: [{ ...subsystem, credentials }] } as typeof document;
    const entry = await signEntry(changed, world.memberKey(document.member));
    expect(verifyMemberEntry(entry)).toEqual({ ok: false, reason: 'document-invalid' });
  });
});

const dates = { from: '2026-01-01T00:00:00Z', until: '2027-01-01T00:00:00Z' };
