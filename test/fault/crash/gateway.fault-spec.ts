import { jest } from '@jest/globals';
import { eventually, uniqueName } from '#testing';
import type { Crossing } from '../harness/boundary.js';
import { startFaultBus, type FaultBus } from '../harness/fault-bus.js';
import { produceTo, sql, stampOf } from '../harness/steps.js';
import { claim, passTime, storyOf, type Story, type Told } from './spec-support/scene.js';

jest.setTimeout(300_000);

// Longer than a gateway takes to start: what it has to state itself, the sweeper must not state before it.
const audit = { KEREGE_AUDIT_LONGEST_DEADLINE_MS: '60000', KEREGE_AUDIT_SWEEP_GRACE_MS: '1000' };
const env = {
  audit: { ...audit, KEREGE_AUDIT_SWEEP_INTERVAL_MS: '500' },
  gateway: { KEREGE_GATEWAY_OUTCOMES_EVERY_MS: '500', KEREGE_GATEWAY_OUTCOMES_AFTER_MS: '500' },
};

let bus: FaultBus;
beforeAll(async () => void (bus = await startFaultBus({ env, serviceTimeoutMs: 20_000 })));
afterAll(() => bus.end());

const STATED = { timeoutMs: 60_000, intervalMs: 100 };
const keyTaken = sql(/INSERT INTO idempotency_key/);
const rowWritten = sql(/^INSERT INTO exchange /);
const ended = sql(/^UPDATE exchange e SET outcome/);
const requested = stampOf('exchange.requested');
const idIn = (crossing: Crossing) => {
  // The gateway's probe of the log may share the batch.
  const statements = crossing.wire === 'kafka' ? crossing.statements : [];
  return statements.find(({ t }) => t === 'exchange.requested')?.id ?? '';
};
const toTopics = (prefix: string) => ({ onlyTopics: (topic: string) => topic.startsWith(prefix) });
const ONCE = { calls: ['benefits'], leaves: ['requested', 'answered'] };

describe('a gateway killed (bus.md §7)', () => {
  let onlyStamped: () => Promise<Story>;
  it('with only the stamp stored: its client hears nothing', async () => {
    const dead = bus.killAt('gateway', requested, 'after', toTopics('audit.stamp'));
    const told = claim(bus);
    const id = idIn(await dead);
    expect((await told).words).toBe('nothing');
    onlyStamped = async () => storyOf(bus, await told, 2, id);
    await bus.bringBack('gateway');
  });

  it('before its row: the key is free, and the repeat is a new exchange', async () => {
    const key = uniqueName('key');
    const dead = bus.killAt('gateway', keyTaken, 'before');
    const told = claim(bus, { key });
    await dead;
    expect((await told).words).toBe('nothing');
    await bus.bringBack('gateway');
    expect(await storyOf(bus, await claim(bus, { key }))).toEqual({ told: 'answered 201', ...ONCE });
  });

  it('after its row, before the batch: 60 s after the deadline a repeat hears gateway-lost, and nobody was called', async () => {
    const key = uniqueName('key');
    const dead = bus.killAt('gateway', requested, 'before');
    const told = claim(bus, { key });
    const id = idIn(await dead);
    expect((await told).words).toBe('nothing');
    await bus.bringBack('gateway');
    await passTime(bus, id, 70_000);
    const repeat = await claim(bus, { key });
    expect(repeat.exchangeId).toBe(id);
    const story = await storyOf(bus, repeat, 1);
    expect(story).toEqual({ told: 'ended failed: gateway-lost', calls: [], leaves: ['failed gateway-lost'] });
  });

  it('with only the request stored: the connector stamps it, and the exchange has its outcome', async () => {
    const dead = bus.killAt('gateway', requested, 'after', toTopics('request.'));
    const told = claim(bus);
    const id = idIn(await dead);
    expect(await storyOf(bus, await told, 2, id)).toEqual({ told: 'nothing', ...ONCE });
    await bus.bringBack('gateway');
  });

  it('with the batch sent: the disclosure stands, a repeat hears of it, and nobody is called again', async () => {
    const key = uniqueName('key');
    const dead = bus.killAt('gateway', requested, 'after');
    const told = claim(bus, { key });
    const id = idIn(await dead);
    expect(await storyOf(bus, await told, 2, id)).toEqual({ told: 'nothing', ...ONCE });
    await bus.bringBack('gateway');
    await passTime(bus, id, 70_000);
    const repeat = await claim(bus, { key });
    expect([repeat.exchangeId, await storyOf(bus, repeat)]).toEqual([id, { told: 'ended answered', ...ONCE }]);
  });

  it('with `failed` in its row and nowhere else: it is stated after the restart', async () => {
    bus.freeze('cn2');
    const stored = bus.killAt('gateway', ended, 'after');
    const sent = bus.note('gateway', requested);
    const told = claim(bus, { deadlineMs: 3_000 });
    const id = idIn(await sent);
    await stored;
    expect((await told).words).toBe('nothing');
    await bus.bringBack('gateway', { ready: false });
    bus.thaw('cn2');
    const story = await storyOf(bus, await told, 2, id);
    expect(story).toEqual({ told: 'nothing', calls: [], leaves: ['requested', 'failed provider-unreachable'] });
  });

  it('with only the stamp stored: the sweeper ends the exchange, and nobody was called', async () => {
    expect(await onlyStamped()).toEqual({
      told: 'nothing',
      calls: [],
      leaves: ['requested', 'failed no-outcome'],
    });
  });
});

describe('a step of a gateway that fails', () => {
  const LOST = { told: 'answered 201', ...ONCE };
  const cases = [
    { what: 'the row of a key, without effect', key: true, step: keyTaken, moment: 'before', ends: LOST },
    { what: 'the row of a key, with its effect', key: true, step: keyTaken, moment: 'after', ends: LOST },
    { what: 'the batch, without effect', key: false, step: requested, moment: 'before', ends: LOST },
    { what: 'the batch, with its effect', key: false, step: requested, moment: 'after', ends: LOST },
    { what: 'the row’s end, without effect', key: true, step: ended, moment: 'before', ends: PENDING() },
    { what: 'the row’s end, with its effect', key: true, step: ended, moment: 'after', ends: PENDING() },
    { what: 'the row, without effect', key: false, step: rowWritten, moment: 'before', ends: PENDING() },
    { what: 'the row, with its effect', key: false, step: rowWritten, moment: 'after', ends: PENDING() },
  ] as const;

  /** The outcome is in the log, but no row says so: nothing is claimed. */
  function PENDING() {
    return { told: 'outcome-pending', ...ONCE };
  }

  /** Asks again after a refusal at the door, which a failure before may have left behind: nothing was begun by it. */
  async function accepted(call: () => Promise<Told>): Promise<Told> {
    const outage = ['database-unavailable', 'gateway-starting'];
    return eventually(
      async () => {
        const told = await call();
        expect(outage).not.toContain(told.words);
        return told;
      },
      { timeoutMs: 30_000, intervalMs: 200 },
    );
  }

  it.each(cases)('$what', async ({ key, step, moment, ends }) => {
    const failed = bus.fail('gateway', step, moment);
    const told = await accepted(() => claim(bus, key ? { key: uniqueName('key') } : {}));
    expect(await storyOf(bus, told)).toEqual(ends);
    await failed;
  });

  it('the batch, for good: the client hears of it, nobody was called, and the log says the same', async () => {
    const failed = bus.fail('gateway', produceTo('request.'), 'before', 3);
    const told = await accepted(() => claim(bus));
    await failed;
    await eventually(async () => (await storyOf(bus, told, 1)).leaves.includes('failed outcome-unknown'), STATED);
    const { leaves, ...rest } = await storyOf(bus, told, 1);
    expect(rest).toEqual({ told: 'outcome-unknown', calls: [] });
    // The stamp alone is there if it was sent again while the batch was being tried.
    expect([['failed outcome-unknown'], ['requested', 'failed outcome-unknown']]).toContainEqual(leaves);
  });
});
