import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Bus } from '#bus';
import { fixedTopics } from '#contracts';
import { newExchangeId } from '#kernel';
import { parseStatement } from '#signing';
import { eventually, fakeClock } from '#testing';
import { OFFICERS, RegistryScene } from './spec-support/registry-scene.js';

const { operator, security, population, provider, auditor } = OFFICERS;

const stateOf = async (scene: RegistryScene, id: string) =>
  (await scene.ask('GET', `/v1/changes/${id}`, operator)).body.state as string;
const isChange = (value: unknown) => {
  const parsed = parseStatement(String(value));
  return parsed.ok && parsed.value.payload.t === 'registry.changed';
};

/** A broker that takes stamps of changes and says that it did not, or takes none of them. */
function troubled(bus: Bus, trouble: { mode: 'none' | 'taken' | 'lost' }): Bus {
  return {
    ...bus,
    publish: async (records) => {
      const isHit = records.some(({ topic, value }) => topic === fixedTopics.stamp.name && isChange(value));
      if (!isHit || trouble.mode === 'none') return bus.publish(records);
      if (trouble.mode === 'taken') await bus.publish(records);
      throw new RangeError('the broker does not answer');
    },
  };
}

describe('changes of the registry in trouble', () => {
  const trouble: { mode: 'none' | 'taken' | 'lost' } = { mode: 'none' };
  let scene: RegistryScene;
  const restart = async () => {
    await scene.stop();
    await scene.start(troubled(scene.bus, trouble));
  };
  beforeAll(async () => {
    scene = await RegistryScene.create();
    await restart();
    await scene.askWith('POST', '/v1/apply', undefined, await scene.signed(scene.definition()));
  }, 60_000);
  afterAll(() => scene.end(), 30_000);

  it('are done once where the broker took the leaf and said that it did not', async () => {
    const { id } = (await scene.request(scene.definition({ portal: 'Second' }))).body;
    trouble.mode = 'taken';
    const before = scene.changeLeaves().length;
    await scene.approve(id);
    await eventually(() => scene.changeLeaves().length > before);
    trouble.mode = 'none';
    await eventually(async () => (await stateOf(scene, id)) === 'EFFECTIVE');
    expect(scene.changeLeaves().filter((leaf) => leaf.id === id)).toHaveLength(1);
  }, 40_000);

  it.each([
    ['the leaf was sent', 'lost'],
    ['it stood in the log', 'taken'],
  ] as const)(
    'are done once after a stop before %s',
    async (_, mode) => {
      const { id } = (await scene.request(scene.definition({ portal: `Third ${mode}` }))).body;
      trouble.mode = mode;
      await scene.approve(id);
      expect(await stateOf(scene, id)).toBe('APPLYING');
      expect((await scene.ask('POST', `/v1/changes/${id}/withdrawal`, operator, { reason: 'no more' })).status).toBe(
        409,
      );
      const leaf = (await scene.ask('GET', `/v1/changes/${id}`, auditor)).body.leaf.statement as string;
      await scene.stop();
      trouble.mode = 'none';
      await scene.start();
      await eventually(async () => (await stateOf(scene, id)) === 'EFFECTIVE');
      expect(scene.log.leaves.filter((jws) => jws === leaf)).toHaveLength(1);
      expect(scene.changeLeaves().filter((payload) => payload.id === id)).toHaveLength(1);
      await restart();
      expect((await scene.ask('GET', `/v1/changes/${id}`, operator)).body.events).toHaveLength(4);
    },
    60_000,
  );

  it('can be asked for and approved again where no answer came', async () => {
    const id = newExchangeId();
    const base = await scene.version();
    const text = scene.definition({ portal: 'Fourth' });
    for (let time = 0; time < 2; time += 1)
      expect((await scene.request(text, { id, base })).body).toMatchObject({ id, changes: [{ kind: 'member' }] });
    expect(await scene.request(text, { id, base, reason: 'another' })).toMatchObject({
      status: 409,
      body: { code: 'change-id-taken' },
    });
    for (let time = 0; time < 2; time += 1)
      expect(await scene.approve(id)).toMatchObject({ status: 200, body: { state: 'EFFECTIVE' } });
    expect((await scene.ask('GET', `/v1/changes/${id}`, operator)).body.events).toHaveLength(4);
  }, 20_000);

  it('know nobody by a token that is none, of another, too old, or for somebody else', async () => {
    const ask = async (token: string | undefined) => {
      const { status, body } = await scene.askWith('GET', '/v1/changes', token);
      return [status, body.code, body.problem];
    };
    const nowS = Math.floor(Date.now() / 1000);
    const invalid = 'officer-token-invalid';
    const confused = Buffer.from(JSON.stringify(scene.issuer.entry.keys[0]));
    expect(await ask(undefined)).toEqual([401, 'officer-token-missing', undefined]);
    expect(await ask('nothing')).toEqual([401, invalid, 'end-user-malformed']);
    const sound = await scene.token(operator);
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${sound.split('.')[1]}.`;
    expect((await ask(none)).slice(0, 2)).toEqual([401, invalid]);
    const cases: [object, string][] = [
      [{ claims: { iat: nowS - 500, exp: nowS - 1 } }, 'end-user-expired'],
      [{ claims: { exp: nowS + 86_400 } }, 'end-user-long-lived'],
      [{ claims: { acr: 'low' } }, 'end-user-assurance'],
      [{ key: confused, header: { alg: 'HS256' } }, 'end-user-unverified'],
      [{ key: scene.stranger.key }, 'end-user-unverified'],
      [{ claims: { iss: scene.stranger.entry.issuer } }, 'end-user-issuer-unknown'],
    ];
    for (const [changes, problem] of cases)
      expect(await ask(await scene.token(operator, changes))).toEqual([401, invalid, problem]);
    for (const audience of ['DEMO/GOV/1000/mygov', ['DEMO/registry1', 'DEMO/GOV/1000/mygov']])
      expect(await ask(await scene.token(operator, {}, audience))).toEqual([401, invalid, 'end-user-audience']);
    expect(await ask(await scene.token('OFF99'))).toEqual([403, 'officer-unknown', undefined]);
    expect(await ask(await scene.token(operator, { claims: { kind: 'citizen' } }))).toEqual([
      403,
      'officer-unknown',
      undefined,
    ]);
    expect((await ask(sound))[0]).toBe(200);
  });

  it('are for each role what is theirs', async () => {
    const portal = await scene.request(scene.definition({ portal: 'Fifth' }), {}, population);
    expect(portal).toMatchObject({ status: 403, body: { code: 'change-forbidden', change: { id: 'DEMO/GOV/1000' } } });
    const standing = scene.definition({ portal: 'Fourth' }).replace('timeoutMs: 5000', 'timeoutMs: 6000');
    expect((await scene.request(standing, {}, auditor)).status).toBe(403);
    const { id } = (await scene.request(standing, {}, provider)).body;
    expect((await scene.ask('GET', `/v1/changes/${id}`, population)).status).toBe(200);
    expect((await scene.approve(id, auditor)).status).toBe(403);
    expect(await scene.approve(id, population)).toMatchObject({ status: 200, body: { state: 'EFFECTIVE' } });
    const history = await scene.ask(
      'GET',
      `/v1/history?kind=service&id=${encodeURIComponent('DEMO/GOV/1001/population/persons')}`,
      auditor,
    );
    expect(history.body.changes).toMatchObject([
      {
        id,
        events: [
          { state: 'REQUESTED', person: `TEST/OFFICIAL/${provider}`, roles: 'provider' },
          { state: 'APPROVED', person: `TEST/OFFICIAL/${population}`, roles: 'member-administrator' },
          { state: 'APPLYING' },
          { state: 'EFFECTIVE', version: expect.any(Number) },
        ],
      },
    ]);
  }, 20_000);

  it('stop a member at once by one security officer, and let it go on by two', async () => {
    const stop = { of: 'GOV/1001', reason: 'keys were stolen' };
    expect((await scene.ask('POST', '/v1/suspensions', operator, stop)).status).toBe(403);
    const stopped = await scene.ask('POST', '/v1/suspensions', security, stop);
    expect(stopped).toMatchObject({ status: 200, body: { state: 'EFFECTIVE', isEmergency: true } });
    const snapshot = (await scene.askWith('GET', '/v1/snapshot', undefined)).body;
    expect(snapshot.suspensions).toEqual([{ of: 'DEMO/GOV/1001', reason: 'keys were stolen' }]);
    expect(scene.changeLeaves().at(-1)).toMatchObject({ t: 'registry.suspended', ref: 'suspension' });
    // Once more, for the same reason or another, it is there already; nothing is left behind that could never take effect.
    for (const reason of [stop.reason, 'another reason'])
      expect(await scene.ask('POST', '/v1/suspensions', security, { ...stop, reason })).toMatchObject({
        status: 409,
        body: { code: 'change-decided' },
      });
    const patch = { suspensions: { remove: [{ of: 'GOV/1001' }] } };
    const base = await scene.version();
    const asked = await scene.ask('POST', '/v1/changes', security, { base, patch, reason: 'keys are new' });
    expect(asked.body.changes).toEqual([{ op: 'remove', kind: 'suspension', id: 'DEMO/GOV/1001' }]);
    expect((await scene.approve(asked.body.id, security)).body).toMatchObject({ code: 'change-four-eyes' });
    expect((await scene.approve(asked.body.id, operator)).body).toMatchObject({ state: 'EFFECTIVE' });
  }, 20_000);

  it('change officers without a new snapshot, and never so that nobody could any more', async () => {
    const { issuer } = scene.issuer.entry;
    const entry = (code: string, role: string) => ({ person: `TEST/OFFICIAL/${code}`, issuer, role });
    const base = await scene.version();
    const ask = (patch: object) => scene.ask('POST', '/v1/changes', operator, { base, patch, reason: 'a new one' });
    const lockedOut = await ask({ officers: { remove: [entry(security, 'security-officer')] } });
    expect(lockedOut.body.problems).toMatchObject([{ code: 'officers-too-few' }]);
    const { number } = (await scene.askWith('GET', '/v1/snapshot', undefined)).body;
    const { id, changes } = (await ask({ officers: { put: [entry('OFF9', 'auditor')] } })).body;
    expect(changes).toMatchObject([{ op: 'add', kind: 'officer' }]);
    expect((await scene.ask('GET', '/v1/changes', 'OFF9')).status).toBe(403);
    expect((await scene.approve(id)).body.state).toBe('EFFECTIVE');
    expect((await scene.ask('GET', '/v1/changes', 'OFF9')).status).toBe(200);
    expect(scene.changeLeaves().at(-1)).toMatchObject({ id, snap: number, n: number, ref: 'officer' });
    expect((await scene.askWith('GET', '/v1/snapshot', undefined)).body.number).toBe(number);
    expect(JSON.stringify((await scene.askWith('GET', '/v1/snapshot', undefined)).body)).not.toContain('OFFICIAL/OFF');
    expect((await scene.ask('GET', '/v1/definition', provider)).body.definition.officers).toBeUndefined();
    // Whoever is taken out is none from then on, however long the token lives.
    const token = await scene.token('OFF9');
    const remove = { officers: { remove: [entry('OFF9', 'auditor')] } };
    const asked = { base: await scene.version(), patch: remove, reason: 'has left' };
    await scene.approve((await scene.ask('POST', '/v1/changes', operator, asked)).body.id);
    expect((await scene.askWith('GET', '/v1/changes', token)).status).toBe(403);
  }, 20_000);

  it('can be rejected by another and withdrawn by who asked, and then no more', async () => {
    const ask = async () => (await scene.request(scene.definition({ portal: 'Nth' }))).body.id as string;
    const [one, other] = [await ask(), await ask()];
    const reason = { reason: 'not now' };
    expect((await scene.ask('POST', `/v1/changes/${one}/rejection`, operator, reason)).status).toBe(403);
    expect((await scene.ask('POST', `/v1/changes/${one}/rejection`, security, reason)).body.state).toBe('REJECTED');
    expect((await scene.approve(one)).body).toMatchObject({ code: 'change-decided', state: 'REJECTED' });
    expect((await scene.ask('POST', `/v1/changes/${other}/withdrawal`, security, reason)).status).toBe(403);
    expect((await scene.ask('POST', `/v1/changes/${other}/withdrawal`, operator, reason)).body.state).toBe('WITHDRAWN');
    expect((await scene.approve(other)).status).toBe(409);
  }, 20_000);

  it('never rewrite what was said', async () => {
    await expect(scene.rewrite(`UPDATE registry.change_event SET person = 'x'`)).rejects.toThrow();
    await expect(scene.rewrite('DELETE FROM registry.change_request')).rejects.toThrow();
    await expect(scene.rewrite('TRUNCATE registry.definition_version')).rejects.toThrow();
  });
});

describe('changes of the registry at their time', () => {
  const clock = fakeClock(Date.now());
  let scene: RegistryScene;
  beforeAll(async () => {
    scene = await RegistryScene.create(clock);
    await scene.askWith('POST', '/v1/apply', undefined, await scene.signed(scene.definition()));
  }, 60_000);
  afterAll(() => scene.end(), 30_000);

  const later = (ms: number) => ({ effectiveAt: new Date(clock.now() + ms).toISOString() });

  it('wait for it, go with what others changed meanwhile, and are given up where they cannot be', async () => {
    const renamed = { portal: 'State Portal' };
    const rename = (await scene.request(scene.definition(renamed), later(60_000))).body.id as string;
    const sameName = (await scene.request(scene.definition({ portal: 'Other Portal' }), later(60_000))).body
      .id as string;
    // A purpose that the agreement needs goes, and the agreement that needs it is made meanwhile.
    const purposes = (codes: string[]) =>
      scene
        .definition()
        .replace(
          'purposes: [{ code: view,',
          `purposes: [${codes.map((code) => `{ code: ${code}, title: { en: P }, legalBasis: LB }, `).join('')}{ code: view,`,
        );
    const added = (await scene.request(purposes(['audit']))).body.id as string;
    expect((await scene.approve(added)).body.state).toBe('EFFECTIVE');
    const gone = (
      await scene.ask('POST', '/v1/changes', operator, {
        ...{ base: await scene.version(), reason: 'not needed', ...later(60_000) },
        patch: { purposes: { remove: [{ code: 'audit' }] } },
      })
    ).body.id as string;
    const use = purposes(['audit']).replace('purposes: [view], until', 'purposes: [view, audit], until');
    const used = (await scene.request(use)).body.id as string;
    for (const id of [rename, sameName, gone, used])
      expect((await scene.approve(id)).body.state).toBe(id === used ? 'EFFECTIVE' : 'APPROVED');
    expect((await scene.askWith('GET', '/v1/snapshot', undefined)).body.number).toBe(4);
    expect((await scene.request(use, { effectiveAt: '2020-01-01T00:00:00Z' })).body.code).toBe('change-time-past');
    clock.advance(61_000);
    await eventually(async () => (await stateOf(scene, gone)) !== 'APPROVED');
    expect(await Promise.all([rename, sameName, gone].map((id) => stateOf(scene, id)))).toEqual([
      'EFFECTIVE',
      'SUPERSEDED',
      'REJECTED',
    ]);
    const { events } = (await scene.ask('GET', `/v1/changes/${gone}`, operator)).body;
    expect(events.at(-1).person).toBeUndefined();
    expect(events.at(-1).reason).toContain('definition-dangling');
  }, 60_000);
});
