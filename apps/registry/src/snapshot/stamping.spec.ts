import { beforeEach, describe, expect, it } from '@jest/globals';
import { createInProcessBus, type Bus } from '#bus';
import { encode, fixedTopics, message, ReceiptsSchema, replyTopic } from '#contracts';
import { sha256 } from '#kernel';
import { silentLogger } from '#platform';
import { eventually, fakeClock } from '#testing';
import { checkpointText, ed25519Seed, GrowingTree, makeVkey, noteSigner, parseVkey, signNote } from '#tlog';
import type { PublicationRecords, StoredManifest } from './publication.store.js';
import { ReplyConsumer } from './reply.consumer.js';
import { ManifestStamping } from './stamping.service.js';

const OWN = 'DEMO/registry1';
const ORIGIN = 'log.example/DEMO/0/2026h2';
const key = ed25519Seed(sha256('log'));
const vkey = parseVkey(makeVkey(ORIGIN, key.publicKey));
const manifest = (name: string, untilMs = 1_000): StoredManifest => ({
  leafHash: sha256(name),
  number: 2,
  statement: name,
  digests: '',
  untilMs,
});

async function receipt(leafHash: Buffer, refused = ''): Promise<Uint8Array> {
  const tree = GrowingTree.empty().extend([leafHash]);
  const signer = noteSigner(ORIGIN, key.publicKey, key.sign);
  const note = Buffer.from(await signNote(checkpointText(ORIGIN, 1, tree.root), [signer]));
  const leaf = refused === '' ? { leafHash, index: 0n, path: tree.path(0) } : { leafHash, refused };
  return encode(ReceiptsSchema, message(ReceiptsSchema, { note, size: 1n, leaves: [leaf] }));
}

describe('a manifest on its way into the log', () => {
  let bus: Bus;
  let stamping: ManifestStamping;
  const clock = fakeClock(0);
  const stamped: string[] = [];
  const states: string[] = [];
  const putAgain: number[] = [];
  let givenUp: StoredManifest[];
  /** Answers to each stamp, in the order in which they are sent. */
  let answers: (statement: string) => Promise<Uint8Array[]>;

  beforeEach(async () => {
    for (const list of [stamped, states, putAgain]) list.length = 0;
    givenUp = [];
    clock.set(0);
    bus = createInProcessBus();
    await bus.ensureTopics([fixedTopics.stamp, replyTopic(OWN)]);
    await bus.subscribe({
      topics: [fixedTopics.stamp.name],
      group: 'log',
      startAt: { kind: 'earliest' },
      maxInFlight: 1,
      onError: () => undefined,
      each: async ({ value }) => {
        stamped.push(value.toString());
        for (const answer of await answers(value.toString()))
          await bus.publish([{ topic: replyTopic(OWN).name, partition: 0, value: answer }]);
      },
    });
    const logger = silentLogger();
    const replies = new ReplyConsumer(bus, replyTopic(OWN).name, vkey.ok ? [vkey.value] : [], logger, () => undefined);
    await replies.start();
    const mark = (state: string) => (leafHash: Uint8Array) => {
      states.push(`${state} ${Buffer.from(leafHash).toString('hex').slice(0, 8)}`);
      return Promise.resolve();
    };
    const unused = () => Promise.reject(new TypeError('not asked for here'));
    const store: PublicationRecords = {
      markLogged: mark('logged'),
      markRefused: mark('refused'),
      givenUp: () => Promise.resolve(givenUp),
      markPublished: unused,
      insertStamping: unused,
      lastLogged: unused,
      newestSnapshot: unused,
      putFirst: unused,
      snapshotNumbered: unused,
      stampingManifest: unused,
    };
    stamping = new ManifestStamping({
      instanceId: OWN,
      store,
      bus,
      replies,
      clock,
      logger,
      putSnapshotAgain: (number) => Promise.resolve(void putAgain.push(number)),
      isStopping: () => false,
    });
  });
  const named = (state: string, { leafHash }: StoredManifest) => `${state} ${leafHash.toString('hex').slice(0, 8)}`;

  it('is not given up for a refusal that anybody could have sent: the proof behind it counts', async () => {
    const own = manifest('own');
    answers = async () => [await receipt(own.leafHash, 'signature'), await receipt(own.leafHash)];
    expect(await stamping.settle(own)).toEqual(await receipt(own.leafHash));
    expect(states).toEqual([named('logged', own)]);
  });

  it('is stamped again with the same bytes while refusals come and it has not expired', async () => {
    const own = manifest('own');
    answers = async () => [await receipt(own.leafHash, stamped.length < 3 ? 'snapshot-unknown' : '')];
    expect(await stamping.settle(own)).toEqual(await receipt(own.leafHash));
    expect(stamped).toEqual(['own', 'own', 'own']);
    expect(putAgain).toEqual([2, 2]);
    expect(states).toEqual([named('logged', own)]);
  });

  it('is given up when it is refused after it has expired, and not for silence', async () => {
    const own = manifest('own');
    clock.set(1_000);
    answers = () => Promise.resolve([]);
    let isSilent = true;
    const settled = stamping.settle(own);
    void settled.finally(() => (isSilent = false));
    await eventually(() => stamped.length === 3);
    expect([isSilent, states]).toEqual([true, []]);
    answers = async () => [await receipt(own.leafHash, 'time-past')];
    expect(await settled).toBeUndefined();
    expect(states).toEqual([named('refused', own)]);
  }, 20_000);

  it('gives way to one that was given up before, once that is proven to stand in the log', async () => {
    const [earlier, own] = [manifest('earlier'), manifest('own')];
    givenUp = [earlier];
    answers = async (statement) => [
      statement === 'own' ? await receipt(own.leafHash, 'manifest-forked') : await receipt(earlier.leafHash),
    ];
    expect(await stamping.settle(own)).toBeUndefined();
    expect(states).toEqual([named('logged', earlier), named('refused', own)]);
  });
});
