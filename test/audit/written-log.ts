import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { exchangeIdBytes, newExchangeId, sha256 } from '#kernel';
import type { Database } from '#postgres';
import { slotFor, type SignerRole, type StatementPayload } from '#signing';
import { publicDigest } from '#snapshot';
import { buildWorld } from '#testing';
import { ed25519Seed, leafHash, noteSigner, parseVkey, type NoteKey, type NoteSigner } from '#tlog';
import { silentLogger } from '#platform';
import { SnapshotStore } from '../../apps/audit/src/intake/snapshot.store.js';
import { LogStore, type NewLeaf, type NewManifest } from '../../apps/audit/src/sequencer/log.store.js';
import { Sequencer } from '../../apps/audit/src/sequencer/sequencer.service.js';

export const LOG = 1;
const CONSUMER = 'TEST/GOV/1000/mygov';
const PROVIDER = 'TEST/GOV/1001/population';
const AUDIT = 'TEST/audit1';
const REGISTRY = 'TEST/registry1';
const GATEWAY = 'TEST/gw1';
const BATCH = 8_192;

export interface WrittenLog {
  readonly key: NoteKey;
  readonly signer: NoteSigner;
  readonly sequencer: Sequencer;
  readonly size: number;
  /** Indices of the manifests. */
  readonly manifests: readonly number[];
  /** Appends that many more leaves. */
  append(count: number): Promise<void>;
  /** Closes the window in hand and opens the next with two leaves, to which `append` goes from then on. Returns its key. */
  rotate(): Promise<NoteKey>;
}

/**
 * A log as the sequencer writes it, of statements of every kind in every slot, with its manifests and snapshot. The
 * signatures on the statements are noise: whose they are is judged before a leaf is taken in, and from outside.
 */
export async function writeLog(database: Database, size: number, manifests: readonly number[]): Promise<WrittenLog> {
  const world = await buildWorld();
  const kid = (owner: string) => world.keysOf(owner).sign.kid;
  const kids = {
    from: kid(CONSUMER),
    to: kid(PROVIDER),
    audit: kid(AUDIT),
    registry: kid(REGISTRY),
    gateway: kid(GATEWAY),
  };
  const owners = { from: CONSUMER, to: PROVIDER, audit: AUDIT, registry: REGISTRY, gateway: GATEWAY };
  const digest = sha256(world.bytes);
  await new SnapshotStore(database).store(digest, world.snapshot.number, gzipSync(world.bytes));
  const { signer, key } = freshKey('2026h2');
  const sequencer = new Sequencer({
    store: new LogStore(database, LOG),
    signer,
    key,
    logger: silentLogger(),
    topic: 'audit.stamp.0',
    compare: () => Promise.resolve(),
  });
  await sequencer.prepare();
  await sequencer.claim(0);
  await sequencer.takeOver();

  const manifestPayload = { n: world.snapshot.number, doc: publicDigest(world.digests), until: 1_900_000_000_000 };
  const leafAt = (index: number): NewLeaf => {
    const [role, fields] = manifests.includes(index)
      ? (['registry', { t: 'registry.manifest', ...manifestPayload }] as const)
      : KINDS[index % KINDS.length]!;
    const id = newExchangeId();
    const payload = { v: 1, id, ts: 1_800_000_000_000 + index, from: CONSUMER, to: PROVIDER, ...fields };
    const body = Buffer.from(encode(kids[role], payload));
    const slot = slotFor(payload as unknown as StatementPayload, role) ?? '';
    const xid = Buffer.from(exchangeIdBytes(id));
    return { xid, slot, signer: owners[role], leafHash: leafHash(body), body, index, offset: BigInt(index * 2) };
  };
  const rowsOf = (leaves: readonly NewLeaf[]) =>
    leaves
      .filter(({ index }) => manifests.includes(index))
      .map(({ index, body }): NewManifest => {
        return { index, number: world.snapshot.number, digest, digests: world.digests, statement: body.toString() };
      });
  const append = async (count: number, isLast = false) => {
    const first = sequencer.head.size;
    const leaves = Array.from({ length: count }, (_, at) => leafAt(first + at));
    await sequencer.append(leaves, rowsOf(leaves), BigInt((first + count) * 2), isLast);
  };
  const rotate = async () => {
    await append(1, true);
    const logId = sequencer.logId + 1;
    const next = freshKey(`2026h2-${logId}`);
    await database.query('SELECT make_leaf_partition($1)', [logId]);
    const leaves = [leafAt(0), leafAt(1)];
    const store = new LogStore(database, logId);
    await sequencer.open({ store, ...next, compare: () => Promise.resolve() }, leaves, rowsOf(leaves));
    return next.key;
  };
  while (sequencer.head.size < size) await append(Math.min(BATCH, size - sequencer.head.size));
  return { key, signer, sequencer, size, manifests, append, rotate };
}

function freshKey(window: string): { readonly signer: NoteSigner; readonly key: NoteKey } {
  const { publicKey, sign } = ed25519Seed(randomBytes(32));
  const signer = noteSigner(`audit.test.example/TEST/0/${window}`, publicKey, sign);
  const parsed = parseVkey(signer.vkey);
  return { signer, key: (parsed.ok ? parsed.value : undefined) as NoteKey };
}

const PREV = 'A'.repeat(43);
const KINDS: readonly (readonly [Exclude<SignerRole, 'feedback'>, object])[] = [
  ['from', { t: 'exchange.requested', req: `h1:${PREV}`, subj: [`c1:${PREV}`] }],
  ['to', { t: 'exchange.answered', prev: PREV, st: 200 }],
  ['from', { t: 'exchange.failed', prev: PREV, why: 'provider-unreachable', side: 'provider' }],
  ['to', { t: 'exchange.failed', prev: PREV, why: 'provider-unreachable', side: 'provider' }],
  ['audit', { t: 'exchange.failed', prev: PREV, why: 'no-outcome', side: 'unknown' }],
  ['to', { t: 'exchange.refused', prev: PREV, why: 'agreement-missing', side: 'consumer' }],
  ['from', { t: 'exchange.refused', why: 'agreement-missing', side: 'consumer' }],
  ['audit', { t: 'exchange.conflict', prev: PREV }],
];

function encode(kid: string, payload: object): string {
  const header = { alg: 'EdDSA', kid, typ: 'kerege-statement+jwt' };
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part(header)}.${part(payload)}.${randomBytes(64).toString('base64url')}`;
}
