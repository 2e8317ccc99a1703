import { beforeAll, describe, expect, it } from '@jest/globals';
import type { InstanceId, MemberId, ServiceId, SubsystemId } from '#kernel';
import { generateSealingKey, generateSigningKey, jwkSigner, publicJwk, signDocument, thumbprint } from '#signing';
import { buildWorld, signEntry, type World } from '#testing';
import { memberDigest, snapshotBytes } from './digest-list.js';
import { KEY_CHAIN_TYPE, MEMBER_DOCUMENT_TYPE, verifyMemberEntry } from './member-entry.js';
import type { VerifiedMember } from './registry-view.js';
import { verifySnapshot } from './verify-snapshot.js';

const REGISTER = 'TEST/GOV/1001' as MemberId;

describe('a snapshot (bus.md §6)', () => {
  let world: World;
  let register: VerifiedMember;

  beforeAll(async () => {
    world = await buildWorld();
    const entry = world.view.memberEntry(REGISTER);
    const document = world.view.member(REGISTER);
    if (entry === undefined || document === undefined) throw new TypeError('no register in the world');
    register = { entry, document };
  });

  it('is indexed by what processes ask for', () => {
    const { view } = world;
    expect(view.service('TEST/GOV/1001/population/persons' as ServiceId)?.timeoutMs).toBe(5000);
    const granted = view.agreements(
      'TEST/GOV/1000/mygov' as SubsystemId,
      'TEST/GOV/1001/population/persons' as ServiceId,
    );
    expect(granted).toHaveLength(1);
    expect(granted[0]?.until).toBe('2100-01-01T00:00:00Z');
    expect(view.gatewayOfReplyTopic(view.instances[0]?.reply ?? '')?.id).toBe('TEST/gw1');
    expect(view.isReceiptTopic('reply.anything')).toBe(false);
  });

  it('answers for a key only under the owner that published it', () => {
    const { kid } = world.keysOf('TEST/GOV/1000/mygov').sign;
    expect(world.view.keyOf('TEST/GOV/1000/mygov' as SubsystemId, kid)?.use).toBe('sign');
    expect(world.view.keyOf('TEST/GOV/1001/population' as SubsystemId, kid)).toBeUndefined();
  });

  it('takes no sealing key of another length, by which a member could have nothing sealed for it', async () => {
    const [subsystem] = register.document.subsystems;
    const seal = subsystem?.keys.find(({ use }) => use === 'seal');
    if (subsystem === undefined || seal === undefined) throw new TypeError('no key in the world');
    const verdict = async (x: string) => {
      const jwk = { ...seal.jwk, x };
      const keys = [...subsystem.keys, { ...seal, jwk, kid: thumbprint(jwk) }];
      const document = { ...register.document, subsystems: [{ ...subsystem, keys }] };
      return verifyMemberEntry(await signEntry(document, world.memberKey(REGISTER)));
    };
    expect(await verdict(generateSealingKey().x)).toMatchObject({ ok: true });
    expect(await verdict('AA')).toEqual({ ok: false, reason: 'document-invalid' });
  });

  it('believes an instance’s keys only from the member that runs it', async () => {
    const intruder = generateSigningKey();
    const [key] = register.document.subsystems[0]?.keys ?? [];
    if (key === undefined) throw new TypeError('no key in the world');
    const forged = {
      ...register.document,
      instances: [
        {
          id: 'TEST/audit1' as InstanceId,
          kind: 'audit' as const,
          keys: [{ ...key, use: 'sign' as const, kid: intruder.kid, jwk: { ...key.jwk, x: intruder.x } }],
        },
      ],
    };
    const entry = await signEntry(forged, world.memberKey(REGISTER));
    const members = world.snapshot.members.map((each) => (each.id === REGISTER ? entry : each));
    const verified = verifySnapshot(snapshotBytes({ ...world.snapshot, members }), new Map());
    expect(verified.ok && verified.value.distrusted).toEqual([]);
    expect(verified.ok && verified.value.view.keyOf('TEST/audit1' as InstanceId, intruder.kid)).toBeUndefined();
    const genuine = world.keysOf('TEST/audit1').sign.kid;
    expect(verified.ok && verified.value.view.keyOf('TEST/audit1' as InstanceId, genuine)).toBeDefined();
  });

  it('refuses a document that another key signed', async () => {
    const entry = await signEntry(register.document, generateSigningKey());
    expect(verifyMemberEntry({ ...register.entry, document: entry.document })).toMatchObject({
      reason: 'document-signature',
    });
  });

  it('refuses a document under another member’s name', async () => {
    const entry = await signEntry(
      { ...register.document, member: 'TEST/GOV/1000' as MemberId, subsystems: [] },
      world.memberKey(REGISTER),
    );
    expect(verifyMemberEntry({ ...entry, id: REGISTER }).ok).toBe(false);
  });

  it('follows a key change that the old key signed, and only that', async () => {
    const old = world.memberKey(REGISTER);
    const fresh = generateSigningKey();
    const link = { v: 1, member: REGISTER, number: 2, key: { kid: fresh.kid, jwk: publicJwk(fresh) } };
    const document = await signDocument(MEMBER_DOCUMENT_TYPE, register.document, jwkSigner(fresh));
    const chain = async (signer: typeof old) => [
      ...register.entry.keyChain,
      await signDocument(KEY_CHAIN_TYPE, link, jwkSigner(signer)),
    ];
    const rotated = { id: REGISTER, document, keyChain: await chain(old) };
    expect(verifyMemberEntry(rotated, register).ok).toBe(true);
    const stolen = { id: REGISTER, document, keyChain: await chain(fresh) };
    expect(verifyMemberEntry(stolen, register)).toMatchObject({ reason: 'key-chain-broken' });
  });

  it('refuses a chain that forgets what this reader knew, even if it is sound by itself', async () => {
    const replaced = await signEntry(register.document, generateSigningKey());
    expect(verifyMemberEntry(replaced).ok).toBe(true);
    expect(verifyMemberEntry(replaced, register)).toMatchObject({ reason: 'key-chain-rewritten' });
  });

  it('takes no document that was signed before one that it knows, even by the same key', async () => {
    const key = world.memberKey(REGISTER);
    const at = async (signedAt: string | undefined) => {
      const document = { ...register.document, ...(signedAt === undefined ? {} : { signedAt }) };
      return { document, entry: await signEntry(document, key) };
    };
    const [before, early, late] = [
      await at(undefined),
      await at('2027-01-01T00:00:00.000Z'),
      await at('2027-01-01T00:00:00.001Z'),
    ];
    expect(verifyMemberEntry(late.entry, early).ok).toBe(true);
    expect(verifyMemberEntry(early.entry, before).ok).toBe(true);
    for (const [entry, known] of [
      [early.entry, late],
      [before.entry, early],
    ] as const)
      expect(verifyMemberEntry(entry, known)).toMatchObject({ reason: 'document-rolled-back' });
  });

  it('keeps the previous document of a member that fails, and adopts the rest', async () => {
    const other = await signEntry(register.document, generateSigningKey());
    const members = world.snapshot.members.map((entry) => (entry.id === REGISTER ? other : entry));
    const bytes = snapshotBytes({ ...world.snapshot, number: 2, members });
    const known = verifySnapshot(bytes, new Map([[REGISTER, register]]));
    expect(known.ok && known.value.distrusted).toEqual([
      { member: REGISTER, reason: 'key-chain-rewritten', kept: true },
    ]);
    expect(known.ok && known.value.view.memberEntry(REGISTER)).toEqual(register.entry);
    expect(known.ok && known.value.view.members()).toHaveLength(3);
  });

  it('refuses what is no snapshot', () => {
    for (const text of ['', '{}', 'null', JSON.stringify({ ...world.snapshot, extra: 1 })])
      expect(verifySnapshot(Buffer.from(text), new Map())).toEqual({ ok: false, reason: 'snapshot-invalid' });
  });

  it('has a digest list with the snapshot first and members sorted', () => {
    const lines = world.digests.trimEnd().split('\n');
    expect(lines[0]).toBe(`snapshot ${world.view.digestHex}`);
    expect(lines.slice(1)).toEqual([...lines.slice(1)].sort());
    expect(lines).toContain(`${REGISTER} ${memberDigest(register.entry)}`);
  });
});
