import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decode, encode, SealedOpeningSchema, type SealedOpening } from '#contracts';
import { newExchangeId, type InstanceId } from '#kernel';
import { commit, generateSealingKey, opens, startSession, typedSubject, type SealingSession } from '#signing';
import { openOpening, OpeningSessions, sealOpening, type OpeningsOf } from './index.js';

const FEEDBACK = 'TEST/feedback1' as InstanceId;
const key = generateSealingKey();
const other = generateSealingKey();
const keysOf = (...keys: (typeof key)[]) => new OpeningSessions(FEEDBACK, (kid) => keys.find((one) => one.kid === kid));
const subject = typedSubject('TEST', 'PIN', 'TEST000001');
const citizen = typedSubject('TEST', 'PIN', 'TEST000002');
if (subject === undefined || citizen === undefined) throw new TypeError('no subjects');
const [committed, user] = [commit('subject', subject), commit('user', citizen)];
const openings: OpeningsOf = {
  exchangeId: newExchangeId(),
  statementHash: randomBytes(32),
  subjects: [committed.opening],
  users: [user.opening],
  concealment: Buffer.alloc(32, 7),
};
let session: SealingSession;
let sealed: Uint8Array;

beforeAll(async () => {
  session = await startSession({ recipient: FEEDBACK, kid: key.kid, publicJwk: key });
  sealed = sealOpening(openings, session);
});

/** The record with one thing of it changed. */
function changed(change: (record: SealedOpening) => void, value = sealed): Uint8Array {
  const record = decode(SealedOpeningSchema, value);
  change(record);
  return encode(SealedOpeningSchema, record);
}

describe('an opening record', () => {
  it('opens with the announced key and reproduces the commitments', async () => {
    const opened = await openOpening(sealed, keysOf(other, key));
    if (!opened.ok) throw new TypeError(opened.reason);
    const { content } = opened.value;
    expect(opened.value).toMatchObject({ exchangeId: openings.exchangeId, statementHash: openings.statementHash });
    expect(content.subjects.map((opening) => opens('subject', committed.commitment, opening))).toEqual([true]);
    expect(content.users.map((opening) => opens('user', user.commitment, opening))).toEqual([true]);
    expect(Buffer.from(content.concealment)).toEqual(openings.concealment);
  });

  it('does not open when it was truncated anywhere', async () => {
    const sessions = keysOf(key);
    for (let length = 0; length < sealed.length; length += 1)
      expect(await openOpening(sealed.subarray(0, length), sessions)).toMatchObject({ ok: false });
  });

  it('does not open for another statement or another exchange', async () => {
    const otherExchange = decode(
      SealedOpeningSchema,
      sealOpening({ ...openings, exchangeId: newExchangeId() }, session),
    );
    const changes: ((record: SealedOpening) => void)[] = [
      (record) => (record.statementHash = randomBytes(32)),
      (record) => (record.exchangeId = otherExchange.exchangeId),
    ];
    for (const change of changes)
      expect(await openOpening(changed(change), keysOf(key))).toEqual({ ok: false, reason: 'opening-unopenable' });
  });

  it('does not open with another key, an unknown one, or one that was destroyed after it was used', async () => {
    const named = changed((record) => (record.content = { ...content(record), kid: other.kid }));
    expect(await openOpening(named, keysOf(key, other))).toEqual({ ok: false, reason: 'opening-unopenable' });
    expect(await openOpening(named, keysOf(key))).toEqual({ ok: false, reason: 'opening-key-unknown' });
    const held = new Map([[key.kid, key]]);
    const sessions = new OpeningSessions(FEEDBACK, (kid) => held.get(kid));
    expect(await openOpening(sealed, sessions)).toMatchObject({ ok: true });
    held.delete(key.kid);
    sessions.forget(key.kid);
    expect(await openOpening(sealed, sessions)).toEqual({ ok: false, reason: 'opening-key-unknown' });
  });

  it('does not open at another feedback instance, whoever has its key', async () => {
    const elsewhere = new OpeningSessions('TEST/feedback2' as InstanceId, () => key);
    expect(await openOpening(sealed, elsewhere)).toEqual({ ok: false, reason: 'opening-unopenable' });
  });

  it('is refused where it is too large, or holds what no statement could', async () => {
    const [opening] = openings.subjects;
    const many = sealOpening(
      { ...openings, subjects: Array.from({ length: 16 }, () => opening ?? user.opening) },
      session,
    );
    expect(await openOpening(many, keysOf(key))).toEqual({ ok: false, reason: 'opening-malformed' });
    const short = sealOpening({ ...openings, concealment: Buffer.alloc(31) }, session);
    expect(await openOpening(short, keysOf(key))).toEqual({ ok: false, reason: 'opening-malformed' });
    const large = changed((record) => (record.content = { ...content(record), ciphertext: Buffer.alloc(8192) }));
    expect(await openOpening(large, keysOf(key))).toEqual({ ok: false, reason: 'opening-malformed' });
  });

  it('never throws, and never opens as anything else, when bits of it are changed', async () => {
    const sessions = keysOf(key);
    const original = await openOpening(sealed, sessions);
    expect(original.ok).toBe(true);
    const bit = fc.record({ at: fc.nat(sealed.length - 1), flip: fc.integer({ min: 1, max: 255 }) });
    await fc.assert(
      fc.asyncProperty(bit, async ({ at, flip }) => {
        const bytes = Buffer.from(sealed);
        bytes.writeUInt8(bytes.readUInt8(at) ^ flip, at);
        const opened = await openOpening(bytes, sessions);
        // Protobuf has several spellings of one message: one of the same meaning opens, to the same.
        if (opened.ok) expect(opened).toEqual(original);
      }),
      { numRuns: 300 },
    );
  });

  it('never throws for any bytes', async () => {
    const sessions = keysOf(key);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 600 }), async (bytes) => {
        expect((await openOpening(bytes, sessions)).ok).toBe(false);
      }),
    );
  });
});

function content(record: SealedOpening): NonNullable<SealedOpening['content']> {
  if (record.content === undefined) throw new TypeError('nothing is sealed');
  return record.content;
}
