import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { fixedTopics } from '#contracts';
import { newExchangeId, parseSubsystemId, systemClock, type SubsystemId } from '#kernel';
import { openDatabase, type Database } from '#postgres';
import { jwkSigner, KeyRing, verifyEd25519 } from '#signing';
import { eventually, uniqueName } from '#testing';
import { parseVkey, type NoteKey } from '#tlog';
import type { DispatchEvents } from '../../apps/connector/src/dispatch/dispatch-events.js';
import { readEnvelope } from '../../apps/connector/src/dispatch/envelope.js';
import { HeldKeys } from '../../apps/connector/src/dispatch/held-keys.js';
import { DeliveryService } from '../../apps/connector/src/evidence/delivery.service.js';
import { failedOutcome } from '../../apps/connector/src/evidence/outcome.js';
import { ReceiptBook } from '../../apps/connector/src/evidence/receipt-book.js';
import { ReceiptConsumer } from '../../apps/connector/src/evidence/receipt.consumer.js';
import { JournalStore } from '../../apps/connector/src/journal/journal.store.js';
import { JournalWorker } from '../../apps/connector/src/journal/journal.worker.js';
import { Restamps } from '../../apps/connector/src/journal/restamps.service.js';
import { connectorMigrations } from '../../apps/connector/src/migrations/index.js';
import { ConnectorNetwork, PROVIDER } from './connector-network.js';
import { craft } from './evil-gateway.js';

const silent = () => undefined;
const KEEP_MS = 24 * 60 * 60_000;

let network: ConnectorNetwork;
let database: Database;
let journal: JournalStore;
let provider: SubsystemId;
let failures: unknown[];
beforeAll(async () => {
  network = await ConnectorNetwork.create();
  database = await openDatabase({
    url: network.databaseUrl,
    schema: 'connector',
    migrations: connectorMigrations,
    poolSize: 2,
  });
  journal = new JournalStore(database, 10);
  const parsed = parseSubsystemId(PROVIDER);
  if (!parsed.ok) throw new TypeError('the provider of the specs is no subsystem');
  provider = parsed.value;
}, 60_000);
afterAll(async () => {
  await database.close();
  await network.close();
});
afterEach(async () => {
  network.log.behave = () => 'log';
  await database.query('DELETE FROM journal');
});

/** What a connector is that has just started: its memory holds nothing. */
async function startAnew(): Promise<{ worker: JournalWorker; stop: () => Promise<void> }> {
  const events: DispatchEvents = {
    contract: () => undefined,
    stated: silent,
    receipted: silent,
    watch: () => ({ passed: silent, ended: silent }),
    dropped: silent,
    deadLettered: silent,
    alarm: silent,
    failed: (_what, cause) => failures.push(cause),
  };
  failures = [];
  const book = new ReceiptBook();
  const vkey = parseVkey(network.log.vkey, verifyEd25519);
  const logs: NoteKey[] = vkey.ok ? [vkey.value] : [];
  const receipts = new ReceiptConsumer(book, logs, silent);
  const subscription = await network.bus.subscribe({
    topics: [network.world.snapshot.topics[PROVIDER]?.receipt ?? ''],
    group: uniqueName('worker'),
    startAt: { kind: 'latest' },
    maxInFlight: 10,
    onError: silent,
    each: (record) => receipts.take(record),
  });
  const limits = { keptCount: 10, keptBytes: 1_000_000, keepAfterDeadlineMs: 1_000 };
  const delivery = new DeliveryService(network.bus, book, limits, events);
  const { sign, seal } = network.world.keysOf(PROVIDER);
  const worker = new JournalWorker({
    journal,
    unsafe: { settleSeen: () => Promise.resolve('unseen') },
    restamps: new Restamps({ journal, delivery, subsystems: [provider], afterMs: 0 }),
    copy: { current: () => network.world.view, manifestStatement: undefined },
    keys: new HeldKeys(KeyRing.parse([[PROVIDER, JSON.stringify({ keys: [sign, seal] })]])),
    subsystems: [provider],
    clock: systemClock,
    keepMs: KEEP_MS,
    events,
  });
  const stop = async () => {
    await worker.stop();
    await delivery.close();
    await subscription.stop();
  };
  return { worker, stop };
}

/** A row that has ended, its outcome never sent; the outcome's leaf. */
async function endedRow(opening?: Buffer): Promise<{ leaf: string; id: string }> {
  const sent = await craft(network.world, { payload: { ep: 'POST /claims' } });
  const read = readEnvelope(sent.value, provider);
  if (!read.ok) throw new TypeError(`a crafted request does not read: ${read.reason}`);
  const signer = jwkSigner(network.world.keysOf(PROVIDER).sign);
  const { statement, answer } = await failedOutcome(read.value, 'outcome-unknown', signer, Date.now());
  const call = { exchangeId: sent.id, leafHash: sent.requested.leafHash, owner: 'a', callMs: 0 };
  await journal.begin({ ...call, request: sent.value });
  await journal.end({ ...call, statement: statement.jws, answer: Buffer.from(answer), opening });
  return { leaf: statement.leafHash.toString('hex'), id: sent.id };
}

const stampsOf = (leaf: string) => network.log.stamps.filter((stamp) => stamp === leaf).length;

describe('after a restart an outcome of an unsafe call', () => {
  it('is stamped again until its receipt, then no more', async () => {
    const { leaf, id } = await endedRow();
    const first = await startAnew();
    network.log.behave = () => 'lose';
    await first.worker.tidy();
    await eventually(() => stampsOf(leaf) === 1);
    await first.stop();
    network.log.behave = () => 'log';
    const { worker, stop } = await startAnew();
    await worker.tidy();
    expect(network.log.leaves.map(({ payload }) => payload.id)).toContain(id);
    const known = await endedRow();
    await worker.tidy();
    await worker.tidy();
    expect([stampsOf(leaf), stampsOf(known.leaf)]).toEqual([2, 1]);
    expect(failures).toEqual([]);
    await stop();
  });

  it('takes the opening with it that nobody else can send', async () => {
    const seen: Buffer[] = [];
    const subscription = await network.bus.subscribe({
      topics: [fixedTopics.opening.name],
      group: uniqueName('openings'),
      startAt: { kind: 'latest' },
      maxInFlight: 10,
      onError: silent,
      each: ({ value }) => void seen.push(value),
    });
    await endedRow(Buffer.from('sealed'));
    const { worker, stop } = await startAnew();
    await worker.tidy();
    await eventually(() => seen.length === 1);
    expect(seen).toEqual([Buffer.from('sealed')]);
    await worker.tidy();
    await endedRow(Buffer.from('the next'));
    await worker.tidy();
    await eventually(() => seen.length > 1);
    expect(seen.map(String)).toEqual(['sealed', 'the next']);
    await stop();
    await subscription.stop();
  });

  it('is stamped no more when intake refuses it, nor after a day', async () => {
    const { leaf } = await endedRow();
    const old = await endedRow();
    await database.query(`UPDATE journal SET created_at = now() - interval '25 hours' WHERE exchange_id = $1`, [
      old.id,
    ]);
    network.log.behave = () => 'refuse';
    const { worker, stop } = await startAnew();
    await worker.tidy();
    network.log.behave = () => 'log';
    await worker.tidy();
    const known = await endedRow();
    await worker.tidy();
    expect([stampsOf(leaf), stampsOf(old.leaf), stampsOf(known.leaf)]).toEqual([1, 0, 1]);
    await stop();
  });

  it('does not wait behind those that the log does not take', async () => {
    await database.query(
      `INSERT INTO journal (exchange_id, leaf_hash, owner, state, request, call_deadline, statement, answer)
       SELECT gen_random_uuid(), '', 'a', 'done', '', now(), 'x', '' FROM generate_series(1, 200)`,
    );
    const { leaf } = await endedRow();
    const { worker, stop } = await startAnew();
    await worker.tidy();
    await worker.tidy();
    expect(stampsOf(leaf)).toBe(1);
    await stop();
  });
});

it('one turn erases all rows that have had their time, not one batch', async () => {
  await database.query(
    `INSERT INTO journal (exchange_id, leaf_hash, owner, state, request, call_deadline, statement, answer, created_at)
     SELECT gen_random_uuid(), '', 'a', 'done', '', now(), 'x', '', now() - interval '25 hours'
       FROM generate_series(1, 1500)`,
  );
  const { worker, stop } = await startAnew();
  await worker.tidy();
  expect(await database.query('SELECT 1 FROM journal')).toEqual([]);
  expect(await journal.find(newExchangeId())).toBeUndefined();
  await stop();
});
