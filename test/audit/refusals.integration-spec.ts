import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { fixedTopics } from '#contracts';
import { sha256, toHex } from '#kernel';
import { generateP256Key, generateSigningKey, jwkSigner, parseStatement, type Statement } from '#signing';
import { eventually } from '#testing';
import { amendWorld, freshKey, publishedKey, withSigningKeys } from './amended-world.js';
import { AuditNetwork, CONSUMER, forge, PROVIDER } from './audit-network.js';

jest.setTimeout(60_000);

let network: AuditNetwork;
beforeAll(async () => {
  network = await AuditNetwork.create();
  await network.startInForce();
});
afterAll(() => network.close());

const P256_ORDER = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const keyOf = (id: string) => network.world.keysOf(id).sign;
const statementOf = (value: Buffer): Statement => {
  const parsed = parseStatement(value.toString());
  if (!parsed.ok) throw new TypeError(parsed.reason);
  return parsed.value;
};

describe('what intake refuses (statements.md §2)', () => {
  it('a request that another member signed', async () => {
    const forged = await network.requested({}, jwkSigner(keyOf(PROVIDER)));
    expect(await network.refusalOf(forged)).toBe('signer-unknown');
  });

  it('a request by a key that nobody published', async () => {
    expect(await network.refusalOf(await network.requested({}, jwkSigner(generateSigningKey())))).toBe(
      'signer-unknown',
    );
  });

  it('a signature by another key under the right kid', async () => {
    const { payload } = await network.requested();
    const forged = await forge(payload, generateSigningKey(), keyOf(CONSUMER).kid);
    expect(await network.refusalOf(statementOf(forged))).toBe('signature');
  });

  it('an answer that the consumer signed', async () => {
    const requested = await network.requested();
    await network.stampAndWait(requested);
    const forged = await network.answered(requested, {}, jwkSigner(keyOf(CONSUMER)));
    expect(await network.refusalOf(forged)).toBe('signer-unknown');
  });

  it('an outcome of the bus that is not by audit', async () => {
    const requested = await network.requested();
    const payload = { ...requested.payload };
    const forged = await forge(
      {
        v: 1,
        t: 'exchange.failed',
        id: payload.id,
        ts: Date.now(),
        from: CONSUMER,
        to: PROVIDER,
        svc: payload.svc,
        ep: payload.ep,
        why: 'no-outcome',
        side: 'unknown',
        prev: requested.leafHash.toString('base64url'),
      },
      keyOf('TEST/registry1'),
    );
    expect(await network.refusalOf(statementOf(forged))).toBe('signer-unknown');
  });

  it('a request from six minutes ahead or ago, and an answer older than a day', async () => {
    expect(await network.refusalOf(await network.requested({ ts: Date.now() + 6 * MINUTE }))).toBe('time-future');
    expect(await network.refusalOf(await network.requested({ ts: Date.now() - 6 * MINUTE }))).toBe('time-past');
    const requested = await network.requested();
    expect(await network.refusalOf(await network.answered(requested, { ts: Date.now() - 25 * HOUR }))).toBe(
      'time-past',
    );
    const late = await network.answered(requested, { ts: Date.now() - 23 * HOUR });
    expect((await network.stampAndWait(late)).leaf.refused).toBe('');
  });

  it('bytes that are no statement, without stopping for them', async () => {
    const { payload } = await network.requested();
    await network.stamp([
      Buffer.from('nonsense'),
      Buffer.alloc(9000, 0x61),
      Buffer.from([0xff, 0x2e, 0xff, 0x2e, 0xff]),
      await forge({ ...payload, extra: 1 } as never, keyOf(CONSUMER)),
      await forge({ ...payload, svc: `${CONSUMER}/persons` }, keyOf(CONSUMER)),
      Buffer.alloc(0),
    ]);
    const good = await network.requested();
    expect((await network.stampAndWait(good)).isProven).toBe(true);
    const reasons = network.deadLetters.map((letter) => letter.reason);
    for (const reason of ['jws-form', 'jws-too-large', 'statement-unknown-field', 'statement-bad-field'])
      expect(reasons).toContain(reason);
  });

  it('a record as large as the broker takes it: cut among the dead letters, and the leaves behind it stand', async () => {
    const large = Buffer.alloc(1_048_000, 0x61);
    await network.bus.publish([{ topic: fixedTopics.stamp.name, partition: 0, value: large }]);
    const good = await network.requested();
    expect((await network.stampAndWait(good)).isProven).toBe(true);
    const letter = await eventually(() => network.deadLetters.find(({ length }) => length === String(large.length)));
    expect(letter).toMatchObject({ reason: 'jws-too-large', sha256: toHex(sha256(large)) });
    expect(letter.value).toHaveLength(16 * 1024);
  });

  it('a topic for receipts that the snapshot does not name: no receipt there, and a dead letter', async () => {
    const requested = await network.requested();
    const foreign = Object.values(network.world.snapshot.topics)[0]?.dead ?? '';
    const end = await network.bus.endOffset(foreign, 0);
    await network.stamp([requested], [foreign, network.replyTopic]);
    const receipt = await eventually(() => network.receiptOf(requested.leafHash));
    expect(receipt.leaf.refused).toBe('reply-topic');
    await eventually(() => network.deadLetters.some((letter) => letter.value.toString() === requested.jws));
    expect(await network.bus.endOffset(foreign, 0)).toBe(end);
  });

  it('a third topic', async () => {
    const topics = [network.replyTopic, network.replyTopic, network.replyTopic];
    expect(await network.refusalOf(await network.requested(), topics)).toBe('reply-topic');
  });
});

describe('a manifest', () => {
  it('is refused if its snapshot is not stored, and taken when it is', async () => {
    const next = await amendWorld(network.world, 2, (document) => document);
    const manifest = await network.manifest(next);
    expect(await network.refusalOf(manifest)).toBe('snapshot-unknown');
    await network.publishSnapshot(next);
    await eventually(async () => {
      const receipt = await network.stampAndWait(manifest);
      return receipt.isProven;
    });
    network.world = next;
  });

  it('is refused by another key than the registry’s of trust.json', async () => {
    const next = await amendWorld(network.world, 3, (document) => document);
    await network.publishSnapshot(next);
    const forged = await network.manifest(next, Date.now(), jwkSigner(keyOf('TEST/audit1')));
    expect(await network.refusalOf(forged)).toBe('registry-key');
  });

  it('may not go back, nor give one number a second content', async () => {
    const older = await amendWorld(network.world, 1, (document) => document);
    expect(await network.refusalOf(await network.manifest(older))).toBe('manifest-number-back');
    const other = await amendWorld(network.world, 2, withSigningKeys(CONSUMER, [freshKey().published]));
    await network.publishSnapshot(other);
    expect(await network.refusalOf(await network.manifest(other))).toBe('manifest-forked');
  });

  it('must name the manifest before it, and no other', async () => {
    const own = network.signerOf('TEST/registry1');
    const orphan = await network.manifest(network.world, Date.now(), own, Buffer.alloc(32, 9));
    expect(await network.refusalOf(orphan)).toBe('manifest-forked');
    const [first] = await network.leaves();
    const fork = await network.manifest(network.world, Date.now(), own, first?.leaf_hash);
    expect(await network.refusalOf(fork)).toBe('manifest-forked');
    // Two that follow the same one: only the first is the law.
    const twins = [await network.manifest(network.world), await network.manifest(network.world)];
    await network.stamp(twins);
    const refused = await eventually(() => {
      const answers = twins.map((twin) => network.receiptOf(twin.leafHash)?.leaf.refused);
      return answers.includes(undefined) ? undefined : answers;
    });
    expect(refused).toEqual(['', 'manifest-forked']);
  });

  it('is renewed with the same content, each time as a leaf', async () => {
    const size = (await network.head()).size;
    for (let renewal = 0; renewal < 2; renewal += 1)
      expect((await network.stampAndWait(await network.manifest(network.world))).isProven).toBe(true);
    expect((await network.head()).size).toBe(size + 2);
  });
});

describe('the key that counts is the one in force at the statement’s own index', () => {
  it('also within one batch: before the manifest the old key, after it the new one', async () => {
    const old = keyOf(CONSUMER);
    const { key, published } = freshKey();
    const next = await amendWorld(network.world, 10, withSigningKeys(CONSUMER, [published]));
    await network.publishSnapshot(next);
    const before = await network.requested({}, jwkSigner(old));
    const tooEarly = await network.requested({}, jwkSigner(key));
    const manifest = await network.manifest(next);
    const after = await network.requested({}, jwkSigner(key));
    const tooLate = await network.requested({}, jwkSigner(old));
    await network.stamp([before, tooEarly, manifest, after, tooLate]);
    await eventually(() => network.receiptOf(tooLate.leafHash));
    const refused = [before, tooEarly, manifest, after, tooLate].map(
      (s) => network.receiptOf(s.leafHash)?.leaf.refused,
    );
    expect(refused).toEqual(['', 'signer-unknown', '', '', 'signer-unknown']);
    // The same bytes as before the rotation are a duplicate, whatever the key is worth now.
    expect((await network.stampAndWait(before)).isProven).toBe(true);
    await network.enact(await amendWorld(next, 11, withSigningKeys(CONSUMER, [publishedKey(old)])));
  });

  it('an ES256 signature counts in one of its two spellings: the other would be a second leaf that nobody made', async () => {
    const old = keyOf(CONSUMER);
    const key = generateP256Key();
    await network.enact(await amendWorld(network.world, 12, withSigningKeys(CONSUMER, [publishedKey(key)])));
    const genuine = await network.requested({}, jwkSigner(key));
    const [head, body, signature = ''] = genuine.jws.split('.');
    const bytes = Buffer.from(signature, 'base64url');
    const s = P256_ORDER - BigInt(`0x${bytes.toString('hex').slice(64)}`);
    const other = Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')]);
    const copy = statementOf(Buffer.from(`${head}.${body}.${other.toString('base64url')}`));
    expect(copy.leafHash.equals(genuine.leafHash)).toBe(false);
    // Also where it comes first.
    expect(await network.refusalOf(copy)).toBe('signature');
    expect((await network.stampAndWait(genuine)).isProven).toBe(true);
    await network.enact(await amendWorld(network.world, 13, withSigningKeys(CONSUMER, [publishedKey(old)])));
  });

  it('a key does not count before its time, nor after it', async () => {
    const early = freshKey({ from: new Date(Date.now() + HOUR).toISOString() });
    const late = freshKey({ until: new Date(Date.now() - HOUR).toISOString() });
    const own = publishedKey(keyOf(CONSUMER));
    const keys = [own, early.published, late.published];
    await network.enact(await amendWorld(network.world, 14, withSigningKeys(CONSUMER, keys)));
    expect(await network.refusalOf(await network.requested({}, jwkSigner(early.key)))).toBe('signer-unknown');
    expect(await network.refusalOf(await network.requested({}, jwkSigner(late.key)))).toBe('signer-unknown');
    expect((await network.stampAndWait(await network.requested())).isProven).toBe(true);
  });

  it('a sealing key signs nothing', async () => {
    const sealed = keyOf(CONSUMER);
    const before = network.world;
    const asSeal = { ...publishedKey(sealed), use: 'seal' as const };
    const other = freshKey();
    await network.enact(await amendWorld(network.world, 15, withSigningKeys(CONSUMER, [other.published, asSeal])));
    expect(await network.refusalOf(await network.requested({}, jwkSigner(sealed)))).toBe('signer-unknown');
    await network.enact(await amendWorld(before, 16, withSigningKeys(CONSUMER, [publishedKey(sealed)])));
  });
});

describe('a consumer that tells two stories', () => {
  it('gets a receipt for the first, and a conflict leaf for the second, once', async () => {
    const first = await network.requested();
    const second = await network.requested({ id: first.payload.id, pur: 'other' });
    const standing = await network.stampAndWait(first);
    await network.stamp([second, second]);
    const leaves = await eventually(async () => {
      const all = await network.leaves();
      return all.filter((leaf) => leaf.signer === 'TEST/audit1').length > 0 ? all : undefined;
    });
    const conflicts = leaves.filter((leaf) => leaf.signer === 'TEST/audit1');
    expect(conflicts).toHaveLength(1);
    const conflict = statementOf(conflicts[0]?.body ?? Buffer.alloc(0));
    expect(conflict.payload).toMatchObject({ t: 'exchange.conflict', ref: first.payload.id });
    expect(conflict.payload.id[14]).toBe('8');
    expect(leaves.some((leaf) => leaf.body.toString() === second.jws)).toBe(false);
    expect(network.receiptOf(second.leafHash)).toBeUndefined();
    expect(network.receiptOf(first.leafHash)?.leaf.index).toBe(standing.leaf.index);
    await network.stampAndWait(await network.requested());
    expect((await network.leaves()).filter((leaf) => leaf.signer === 'TEST/audit1')).toHaveLength(1);
  });

  it('but a second answer is only answered with the first', async () => {
    const requested = await network.requested();
    await network.stampAndWait(requested);
    const first = await network.answered(requested);
    const second = await network.answered(requested, { st: 404 });
    await network.stampAndWait(first);
    const before = network.receipts.length;
    await network.stamp([second]);
    const receipt = await eventually(() =>
      network.receipts.slice(before).find((r) => first.leafHash.equals(r.leaf.leafHash)),
    );
    expect(receipt.isProven).toBe(true);
    expect((await network.leaves()).some((leaf) => leaf.body.toString() === second.jws)).toBe(false);
  });
});
