import type { ReceiptVerdict } from '../../apps/connector/src/evidence/receipt-book.js';
import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { jwkSigner, parseStatement } from '#signing';
import { buildWorld, fakeClock, type World } from '#testing';
import type { Dispatch } from '../../apps/connector/src/dispatch/dispatch.js';
import { JournalWaits } from '../../apps/connector/src/dispatch/journal-waits.js';
import { UnsafeCalls } from '../../apps/connector/src/dispatch/unsafe-calls.service.js';
import type { OutcomeBytes } from '../../apps/connector/src/evidence/delivery.service.js';
import { failedOutcome, type Outcome } from '../../apps/connector/src/evidence/outcome.js';
import type { JournalRow, NewCall } from '../../apps/connector/src/journal/journal-row.js';
import { craftEnvelope } from './crafted-envelope.js';
import { PROVIDER } from './evil-gateway.js';

const NOW = Date.UTC(2026, 10, 1);
const DEADLINE = NOW + 100;
type Row = Extract<JournalRow, { state: 'calling' }> | (JournalRow & OutcomeBytes);

let world: World;
let dispatch: Dispatch;
beforeAll(async () => {
  world = await buildWorld();
});

const clock = fakeClock(NOW);
let row: Row | undefined;
let told: string[];
let calls: number;
/** What the next inserts do instead of succeeding; each takes 100 ms. */
let faults: ((call: NewCall) => void)[];

beforeEach(async () => {
  clock.set(NOW);
  [row, told, calls, faults] = [undefined, [], 0, []];
  const envelope = await craftEnvelope(world, { ts: NOW, deadlineMs: DEADLINE, payload: { ep: 'POST /claims' } });
  const signer = jwkSigner(world.keysOf(PROVIDER).sign);
  const route = { receiptTopic: 'receipt', replyTopic: 'reply' };
  dispatch = {
    envelope,
    view: world.view,
    route,
    signer,
    deadlineMs: DEADLINE,
    startedMs: NOW,
    watch: { passed: () => undefined, ended: () => undefined },
  };
});

function insert({ owner, leafHash }: NewCall): void {
  row ??= { leafKey: leafHash.toString('hex'), owner, state: 'calling', leftMs: 1_000 };
}

const broken = () => Promise.reject(new TypeError('the database does not answer'));
const journal = {
  find: () => Promise.resolve(row),
  begin: (call: NewCall) => {
    const fault = faults.shift();
    if (fault !== undefined) {
      clock.advance(100);
      fault(call);
      return broken();
    }
    const isNew = row === undefined;
    insert(call);
    return Promise.resolve(isNew);
  },
  end: ({ owner, statement, answer }: OutcomeBytes & { owner: string }) => {
    const isOwn = row?.state === 'calling' && row.owner === owner;
    if (isOwn && row !== undefined) row = { ...row, state: 'done', statement, answer: Buffer.from(answer) };
    return Promise.resolve(isOwn);
  },
  orphan: (_id: unknown, { statement, answer }: OutcomeBytes) => {
    if (row !== undefined) row = { ...row, state: 'unknown', statement, answer: Buffer.from(answer) };
    return Promise.resolve(true);
  },
  markReceipted: () => Promise.resolve(),
};

/** With one place to wait for a silent journal, unless told otherwise. */
function unsafe(waits = new JournalWaits(4, 100)): UnsafeCalls {
  const tell = (_envelope: unknown, { statement }: OutcomeBytes) => {
    const parsed = parseStatement(statement);
    told.push(parsed.ok ? (parsed.value.payload.why ?? 'answered') : 'unreadable');
    return Promise.resolve();
  };
  const deliver = (envelope: unknown, bytes: OutcomeBytes) => tell(envelope, bytes).then(() => 'stands' as const);
  const silent = () => undefined;
  const events = {
    contract: () => undefined,
    stated: silent,
    receipted: () => undefined,
    watch: () => ({ passed: () => undefined, ended: () => undefined }),
    dropped: silent,
    deadLettered: silent,
    alarm: silent,
    failed: silent,
  };
  const outcomeVerdict = () => Promise.resolve('stands' as const);
  return new UnsafeCalls(
    journal,
    { deliver, stateOnly: tell, outcomeVerdict },
    'cn1',
    clock,
    waits,
    { graceMs: 1_000 },
    events,
  );
}

function callAgency(): Promise<Outcome> {
  calls += 1;
  return failedOutcome(dispatch.envelope, 'agency-unreachable', dispatch.signer, clock.now());
}

function call(
  seen: 'unseen' | 'unknown' = 'unseen',
  requested: Promise<ReceiptVerdict> = Promise.resolve('stands'),
  waits?: JournalWaits,
) {
  return unsafe(waits).call({ dispatch, request: Buffer.from('request'), requested, seen }, callAgency);
}

describe('an unsafe call', () => {
  it('is made in time, its outcome stored before it is told', async () => {
    expect(await call()).toBe('settled');
    expect([calls, told, row?.state]).toEqual([1, ['agency-unreachable'], 'done']);
  });

  it.each(['conflict', 'refused', 'none'] as const)(
    'is not made when the verdict on its request is %s',
    async (verdict) => {
      expect(await call('unseen', Promise.resolve(verdict))).toBe('settled');
      expect([calls, row]).toEqual([0, undefined]);
    },
  );

  it('is not made when receipt and row have taken all its time, and its row says so', async () => {
    const requested = Promise.resolve('stands' as const).then((verdict) => {
      clock.set(DEADLINE - 4);
      return verdict;
    });
    await call('unseen', requested);
    expect([calls, told, row?.state]).toEqual([0, ['connector-busy'], 'done']);
  });

  it('is made once when the insert was committed and said that it had failed', async () => {
    dispatch = { ...dispatch, deadlineMs: NOW + 5_000 };
    faults = [insert];
    await call();
    expect([calls, told, row?.state]).toEqual([1, ['agency-unreachable'], 'done']);
  });

  it('is not made on a row that an earlier attempt of the same process began', async () => {
    dispatch = { ...dispatch, deadlineMs: NOW + 5_000 };
    const leafKey = dispatch.envelope.leafKey;
    faults = [() => (row = { leafKey, owner: 'cn1', state: 'calling', leftMs: 0 })];
    await call();
    expect([calls, told]).toEqual([0, ['outcome-unknown']]);
  });
});

describe('without a journal', () => {
  it('nothing is stated before no redelivery can call any more', async () => {
    faults = Array.from({ length: 5 }, () => () => expect(told).toEqual([]));
    faults.push(() => undefined);
    await call();
    expect(clock.now()).toBeGreaterThanOrEqual(DEADLINE + 500);
    expect([calls, told]).toEqual([0, ['journal-unavailable']]);
  });

  it('a request that an earlier delivery may have called has an unknown outcome', async () => {
    faults = Array.from({ length: 6 }, () => () => undefined);
    await call('unknown');
    expect([calls, told]).toEqual([0, ['outcome-unknown']]);
  });

  it('a late request is answered with what was stored as soon as the journal is back', async () => {
    clock.set(DEADLINE + 600_000);
    const stored = (await failedOutcome(dispatch.envelope, 'agency-timeout', dispatch.signer, NOW)).statement.jws;
    const { leafKey } = dispatch.envelope;
    row = { leafKey, owner: 'other', state: 'done', statement: stored, answer: Buffer.alloc(0) };
    const { find } = journal;
    journal.find = () => {
      journal.find = find;
      return broken();
    };
    expect(await unsafe().settleSeen(dispatch)).toBe('settled');
    expect(told).toEqual(['agency-timeout']);
  });

  it('a request that finds no place to wait is let go: not called, nothing stated', async () => {
    const waits = new JournalWaits(4, 100);
    const giveBack = waits.take();
    faults = [() => undefined];
    expect(await call('unseen', undefined, waits)).toBe('busy');
    clock.set(DEADLINE + 600_000);
    const { find } = journal;
    journal.find = broken;
    try {
      expect(await unsafe(waits).settleSeen(dispatch)).toBe('busy');
      // A journal that is silent instead of broken.
      journal.find = () => new Promise<never>(() => undefined);
      expect(await unsafe(waits).settleSeen(dispatch)).toBe('busy');
    } finally {
      journal.find = find;
    }
    expect([calls, told]).toEqual([0, []]);
    giveBack?.();
    clock.set(NOW);
    expect(await call('unseen', undefined, waits)).toBe('settled');
    // And the place is free again afterwards.
    expect(waits.take()).toBeDefined();
  });
});
