import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fromBase64Url } from '#kernel';
import { h1, opens, parseTypedSubject } from '#signing';
import { TestIssuer } from '#testing';
import { OFFICERS, RegistryScene } from './spec-support/registry-scene.js';

const { operator, security, otherOperator } = OFFICERS;

describe('changes of the registry', () => {
  let scene: RegistryScene;
  beforeAll(async () => {
    scene = await RegistryScene.create();
    const applied = await scene.askWith('POST', '/v1/apply', undefined, await scene.signed(scene.definition()));
    expect(applied).toMatchObject({ status: 200, body: { applied: true, number: 2, inForce: true } });
  }, 60_000);
  afterAll(() => scene.end(), 30_000);

  it('are none of this machine’s business any more once there are officers', async () => {
    const body = await scene.signed(scene.definition({ portal: 'Other' }));
    expect(await scene.askWith('POST', '/v1/apply', undefined, body)).toMatchObject({
      status: 403,
      body: { code: 'officers-registered' },
    });
    expect((await scene.askWith('POST', '/v1/apply', undefined, { ...body, dryRun: true })).status).toBe(200);
  });

  it('take effect when another person has approved them, after their leaf', async () => {
    const asked = await scene.request(scene.definition({ portal: 'State Portal' }));
    expect(asked).toMatchObject({
      status: 200,
      body: { changes: [{ op: 'change', kind: 'member', id: 'DEMO/GOV/1000', detail: 'name' }] },
    });
    const { id } = asked.body;
    expect(await scene.approve(id, operator)).toMatchObject({ status: 403, body: { code: 'change-four-eyes' } });
    const approved = await scene.approve(id);
    expect(approved).toMatchObject({ status: 200, body: { id, state: 'EFFECTIVE' } });
    const [leaf] = scene.changeLeaves();
    expect(leaf).toMatchObject({ t: 'registry.changed', id, snap: 2, n: 3, ref: 'member' });
    const shown = (await scene.ask('GET', `/v1/changes/${id}`, OFFICERS.auditor)).body;
    const { salt, record, persons } = shown.leaf;
    expect(h1(fromBase64Url(salt) ?? Buffer.alloc(0), Buffer.from(record))).toBe(leaf?.doc);
    for (const [at, { person, r }] of persons.entries()) {
      const opening = { ...parseTypedSubject(person), r: fromBase64Url(r) };
      expect(opens('user', leaf?.user[at] ?? '', opening as never)).toBe(true);
    }
    expect(JSON.stringify(scene.log.leaves)).not.toContain('OFFICIAL/OFF');
    expect((await scene.askWith('GET', '/v1/snapshot', undefined)).body).toMatchObject({ number: 3 });
    expect(shown.events.map(({ state }: { state: string }) => state)).toEqual([
      'REQUESTED',
      'APPROVED',
      'APPLYING',
      'EFFECTIVE',
    ]);
  }, 20_000);

  it('are refused from a base that does not stand any more, with what changed meanwhile', async () => {
    const answer = await scene.request(scene.definition({ portal: 'Third' }), { base: 1 });
    expect(answer).toMatchObject({
      status: 409,
      body: { code: 'change-base-stale', version: 2, meanwhile: [{ changes: [{ id: 'DEMO/GOV/1000' }] }] },
    });
  });

  it('are approved once, whoever is faster', async () => {
    const { id } = (await scene.request(scene.definition({ portal: 'Fourth' }))).body;
    const answers = await Promise.all([scene.approve(id, security), scene.approve(id, otherOperator)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const shown = (await scene.ask('GET', `/v1/changes/${id}`, operator)).body;
    expect(shown.state).toBe('EFFECTIVE');
    expect(shown.events).toHaveLength(4);
    // Whoever decides sees what exactly it says.
    expect(shown.items).toMatchObject([
      { list: 'members', was: { name: { en: 'State Portal' } }, now: { name: { en: 'Fourth' } } },
    ]);
  }, 20_000);
});

describe('one person with two accounts', () => {
  let scene: RegistryScene;
  beforeAll(async () => {
    scene = await RegistryScene.create();
    const text = scene.definition();
    const both = TestIssuer.definitionOf(scene.issuer, scene.stranger);
    const account = `  - { person: TEST/OFFICIAL/${operator}, issuer: '${scene.stranger.entry.issuer}', role: security-officer }\n`;
    const definition = text.replace(/^issuers: .*\n/mu, both).replace('officers:\n', `officers:\n${account}`);
    const applied = await scene.askWith('POST', '/v1/apply', undefined, await scene.signed(definition));
    expect(applied).toMatchObject({ status: 200, body: { applied: true } });
  }, 60_000);
  afterAll(() => scene.end(), 30_000);

  it('is one person', async () => {
    const patch = { purposes: { put: [{ code: 'audit', title: { en: 'Audit' }, legalBasis: 'LB' }] } };
    const base = await scene.version();
    const { id } = (await scene.ask('POST', '/v1/changes', operator, { base, patch, reason: 'needed' })).body;
    const account = await scene.stranger.mint(operator, 'DEMO/registry1', { claims: { kind: 'official' } });
    expect((await scene.askWith('GET', `/v1/changes/${id}`, account)).status).toBe(200);
    expect(await scene.askWith('POST', `/v1/changes/${id}/approval`, account)).toMatchObject({
      status: 403,
      body: { code: 'change-four-eyes' },
    });
    expect((await scene.approve(id)).body.state).toBe('EFFECTIVE');
  }, 20_000);
});
