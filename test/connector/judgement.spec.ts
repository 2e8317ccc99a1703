import { beforeAll, describe, expect, it } from '@jest/globals';
import { generateSigningKey, KeyRing } from '#signing';
import type { RegistryView } from '#snapshot';
import { buildWorld, fakeClock, type World } from '#testing';
import type { Envelope } from '../../apps/connector/src/dispatch/envelope.js';
import { HeldKeys } from '../../apps/connector/src/dispatch/held-keys.js';
import { Judgement } from '../../apps/connector/src/dispatch/judgement.service.js';
import { RegistryWaits } from '../../apps/connector/src/dispatch/registry-waits.service.js';
import { craftEnvelope } from './crafted-envelope.js';
import { craft, PROVIDER, replyTopicOf, type Mischief } from './evil-gateway.js';

const NOW = Date.UTC(2026, 10, 1);
const FAR = 2 ** 50;
let world: World;
beforeAll(async () => {
  world = await buildWorld();
});

/** A judgement over a registry copy that stands still; every wait is recorded and ends when the spec says so. */
function court(view: RegistryView | undefined = world.view, maxInFlight = 64) {
  const clock = fakeClock(NOW);
  const waits: { readonly untilMs: number; readonly end: (view?: RegistryView) => void }[] = [];
  const copy = {
    current: () => view,
    manifestStatement: undefined,
    waitFor: (_predicate: unknown, untilMs: number) =>
      new Promise<RegistryView | undefined>((resolve) => waits.push({ untilMs, end: resolve })),
  };
  const { sign, seal } = world.keysOf(PROVIDER);
  const keys = new HeldKeys(KeyRing.parse([[PROVIDER, JSON.stringify({ keys: [sign, seal] })]]));
  const judgement = new Judgement({ copy, keys, clock, waits: new RegistryWaits(copy, clock, maxInFlight) });
  return { judgement, waits };
}

function envelope(mischief: Mischief = {}): Promise<Envelope> {
  return craftEnvelope(world, { ts: NOW, deadlineMs: NOW + 8_000, ...mischief });
}

describe('a judgement without waiting', () => {
  it('lets a good request through', async () => {
    const { judgement, waits } = court();
    expect(await judgement.judge(await envelope(), NOW, false)).toMatchObject({ ok: true });
    expect(waits).toEqual([]);
  });

  const stranger = { key: generateSigningKey() };
  const cases: readonly [what: string, reason: string, mischief: () => Mischief][] = [
    ['a time far ahead', 'clock-apart', () => ({ ...stranger, ts: NOW + 300_001, payload: { snap: FAR } })],
    ['a time far back', 'clock-apart', () => ({ ...stranger, ts: NOW - 300_001, deadlineMs: NOW + 9e9 })],
    ['a deadline that is over', 'expired', () => ({ ...stranger, deadlineMs: NOW, payload: { snap: FAR } })],
    ['a listener of nobody', 'reply-topic-foreign', () => ({ ...stranger, replyTopic: 'registry.snapshot' })],
  ];
  it.each(cases)('ends with %s: %s', async (_what, reason, mischief) => {
    const { judgement, waits } = court();
    expect(await judgement.judge(await envelope(mischief()), NOW, false)).toMatchObject({
      ok: false,
      reason: { reason },
    });
    expect(waits).toEqual([]);
  });

  const HOUR = 3_600_000;
  const meetings: readonly [what: string, reason: string, madeMs: number, recordMs: number][] = [
    ['a request that waited an hour on the topic', 'expired', NOW - HOUR, NOW - HOUR],
    ['one that was new to the broker a moment after it was made', 'expired', NOW - HOUR, NOW - HOUR + 60_000],
    ['one sent again after an hour', 'clock-apart', NOW - HOUR, NOW],
    ['one made by a clock an hour behind', 'clock-apart', NOW - HOUR, NOW - 1],
    ['one made by a clock an hour ahead', 'clock-apart', NOW + HOUR, NOW],
    ['any one, if our own clock is an hour behind', 'clock-apart', NOW + HOUR, NOW + HOUR],
  ];
  it.each(meetings)('ends with %s: %s', async (_what, reason, ts, recordMs) => {
    const { judgement } = court();
    const late = await envelope({ ts, deadlineMs: ts + 8_000 });
    expect(await judgement.judge(late, recordMs, false)).toMatchObject({ ok: false, reason: { reason } });
  });

  it('ends with another signature under a known key, however new its snapshot', async () => {
    const { judgement, waits } = court();
    const { id, requested } = await craft(world, { ts: NOW, payload: { snap: FAR } });
    const forged = { ...requested, jws: `${requested.jws.slice(0, -86)}${'A'.repeat(86)}` };
    const read = await envelope({ id, envelope: { statement: forged.jws }, snapshot: FAR });
    expect(await judgement.judge(read, NOW, false)).toMatchObject({
      reason: { kind: 'dead', reason: 'signature-wrong' },
    });
    expect(waits).toEqual([]);
  });

  it('lets a late request through whose outcome may be kept here, after its signature was checked', async () => {
    const { judgement } = court();
    const late = { ts: NOW - 600_000, deadlineMs: NOW - 590_000 };
    expect(await judgement.judge(await envelope(late), late.ts, true)).toMatchObject({ ok: true });
    const foreign = { ...late, replyTopic: replyTopicOf(world, 'gw2') };
    expect(await judgement.judge(await envelope(foreign), late.ts, true)).toMatchObject({
      reason: { kind: 'dead', reason: 'reply-topic-foreign' },
    });
  });
});

describe('a judgement that waits for a newer snapshot', () => {
  it('waits two seconds at most, whatever deadline and number stand in the record', async () => {
    const { judgement, waits } = court();
    const far = { deadlineMs: NOW + 9e9, ts: NOW + 299_000 };
    const judged = [
      judgement.judge(await envelope({ ...far, payload: { snap: FAR } }), NOW, false),
      judgement.judge(await envelope({ ...far, key: generateSigningKey() }), NOW, false),
      judgement.judge(await envelope({ payload: { snap: FAR }, deadlineMs: NOW + 700 }), NOW, false),
    ];
    expect(waits.map(({ untilMs }) => untilMs - NOW)).toEqual([2_000, 2_000, 700]);
    for (const { end } of waits) end();
    expect((await Promise.all(judged)).map((one) => !one.ok && one.reason.reason)).toEqual([
      'registry-behind',
      'signer-unknown',
      'registry-behind',
    ]);
  });

  it('gives forged requests few places, and none of those of verified ones', async () => {
    const { judgement, waits } = court(world.view, 64);
    const forged = await envelope({ key: generateSigningKey() });
    const flood = Array.from({ length: 256 }, () => judgement.judge(forged, NOW, false));
    const genuine = judgement.judge(await envelope({ payload: { snap: 2 } }), NOW, false);
    expect(waits).toHaveLength(4 + 1);
    const beyond = await Promise.all(flood.slice(4));
    expect(new Set(beyond.map((one) => !one.ok && one.reason.reason))).toEqual(new Set(['signer-unknown']));
    const next = await buildWorld({ number: 2, sameKeysAs: world });
    waits[4]?.end(next.view);
    expect(await genuine).toMatchObject({ ok: true, value: { view: { number: 2 } } });
    for (const { end } of waits) end();
    await Promise.all(flood);
  });
});
