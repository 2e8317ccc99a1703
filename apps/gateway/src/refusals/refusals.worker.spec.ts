import { newExchangeId, type InstanceId, type SubsystemId } from '#kernel';
import { generateSigningKey, jwkSigner, KeyRing, parseStatement, type Statement } from '#signing';
import { buildWorld, fakeClock } from '#testing';
import { RefusalTally } from './refusal-tally.js';
import { instanceSigner, RefusalsWorker } from './refusals.worker.js';

const GATEWAY = 'T/gw1' as InstanceId;
const CONSUMER = 'T/GOV/1/a' as SubsystemId;
const signer = jwkSigner(generateSigningKey());

function scene(options: { hears?: boolean; signs?: boolean; hasRoom?: boolean } = {}) {
  const { hears = true, signs = true, hasRoom = true } = options;
  const clock = fakeClock(30_000);
  const tally = new RefusalTally();
  const kept: { jws: string; replyTopics: readonly string[] }[] = [];
  const counted: string[] = [];
  const sent: string[] = [];
  const bus = { answers: true };
  const events = {
    counted: (what: string) => counted.push(what),
    failed: (what: string) => counted.push(`failed ${what}`),
  };
  const worker = new RefusalsWorker(
    {
      tally,
      clock,
      events: events as never,
      hearing: () => (hears ? 'reply.T-gw1' : undefined),
      stamps: { keep: (stamp) => hasRoom && kept.push(stamp) > 0 },
      bus: {
        publish: (records) => {
          sent.push(...records.map(({ value }) => Buffer.from(value ?? '').toString()));
          return bus.answers ? Promise.resolve() : Promise.reject(new TypeError('no broker'));
        },
      },
    },
    GATEWAY,
    () => (signs ? signer : undefined),
  );
  return { clock, tally, kept, counted, sent, bus, worker };
}

describe('what a gateway states of its refusals', () => {
  it('is one statement for each reason, consumer and minute, once the minute is over', async () => {
    const { clock, tally, kept, counted, worker } = scene();
    tally.add('gateway-busy', CONSUMER, clock.now());
    tally.add('consumer-unauthenticated', undefined, clock.now());
    await worker.flush();
    expect(kept).toEqual([]);
    clock.advance(30_000);
    await worker.flush();
    await worker.flush();
    const payloads = kept.map(({ jws }) => (parseStatement(jws) as { value: Statement }).value.payload);
    expect(payloads).toMatchObject([
      { t: 'refusals', from: CONSUMER, why: 'gateway-busy', n: 1, until: 60_000, ref: GATEWAY },
      { t: 'refusals', why: 'consumer-unauthenticated', n: 1, until: 60_000, ref: GATEWAY },
    ]);
    expect(payloads[1]).not.toHaveProperty('from');
    expect(counted).toEqual(['refusals-stated', 'refusals-stated']);
  });

  it('waits until receipts would be heard', async () => {
    const { clock, tally, kept, worker } = scene({ hears: false });
    tally.add('gateway-busy', CONSUMER, clock.now());
    clock.advance(60_000);
    await worker.flush();
    expect([kept, tally.take(Infinity)]).toMatchObject([[], [{ n: 1 }]]);
  });

  it('is counted as unstated without a key, and when there is no room', async () => {
    for (const { clock, tally, kept, counted, worker } of [scene({ signs: false }), scene({ hasRoom: false })]) {
      tally.add('gateway-busy', CONSUMER, clock.now());
      clock.advance(60_000);
      await worker.flush();
      expect([kept, counted]).toEqual([[], ['refusals-not-stated']]);
    }
  });

  it('goes out at the end for the minute in hand, whether the broker answers or not', async () => {
    for (const answers of [true, false]) {
      const { clock, tally, sent, counted, bus, worker } = scene();
      bus.answers = answers;
      tally.add('gateway-busy', CONSUMER, clock.now());
      await worker.stop();
      expect(sent).toHaveLength(1);
      expect(counted).toEqual(answers ? [] : ['failed refusals']);
    }
  });
});

describe('the gateway’s own key', () => {
  it('is one that it holds and that the registry publishes', async () => {
    const world = await buildWorld();
    const own = 'TEST/gw1' as InstanceId;
    const ring = (key: object) => KeyRing.parse([[own, JSON.stringify({ keys: [key] })]]);
    const manifest = { payload: { ts: Date.now(), id: newExchangeId() } } as unknown as Statement;
    const held = world.keysOf(own).sign;
    expect(instanceSigner(world.view, manifest, ring(held), own)?.kid).toBe(held.kid);
    expect(instanceSigner(world.view, manifest, ring(generateSigningKey()), own)).toBeUndefined();
    expect(instanceSigner(world.view, manifest, ring({ kty: 'oct', k: 'AAAA' }), own)).toBeUndefined();
    expect(instanceSigner(undefined, manifest, ring(held), own)).toBeUndefined();
    expect(instanceSigner(world.view, undefined, ring(held), own)).toBeUndefined();
  });
});
