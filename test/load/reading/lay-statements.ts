import { EMPTY_ROOT, GrowingTree, checkpointText, ed25519Seed, leafHash, makeVkey, noteSigner, signNote } from '#tlog';
import type { Database } from '#postgres';
import { LogStore, type NewLeaf } from '../../../apps/audit/src/sequencer/log.store.js';
import { loadErrors } from '../harness/load.errors.js';
import { say } from '../harness/report.js';

export const LOG_ID = 1;
export const ORIGIN = 'audit.bench.example/BENCH/0/2026h2';
const LEAVES_PER_STATEMENT = 10_000;
const DAY_MS = 86_400_000;
export const FROM_MS = Date.UTC(2026, 6, 1);
/** The log's leaves lie in so many days. */
export const DAYS = 90;
export const CONSUMERS = Array.from({ length: 200 }, (_, n) => `BENCH/GOV/${n}/portal`);
export const SERVICES = Array.from({ length: 300 }, (_, n) => `BENCH/GOV/${1_000 + (n % 100)}/register/s${n}`);
export const PURPOSES = Array.from({ length: 20 }, (_, n) => `purpose-${n}`);
export const REASONS = ['agency-timeout', 'provider-unreachable', 'agency-invalid-answer'];

const HASH = 'A'.repeat(43);
const HEADER = part({ alg: 'EdDSA', kid: HASH, typ: 'kerege-statement+jwt' });
const SIGNATURE = Buffer.alloc(64).toString('base64url');

/** The log's public key, for who checks what it serves. */
export function vkeyOf(seed: Uint8Array): string {
  return makeVkey(ORIGIN, ed25519Seed(seed).publicKey);
}

/**
 * A log of exchanges: a request and its outcome each, among 200 consumers and 300 services, within 90 days. Signatures
 * are zeros, which nobody looks at who reads; tree, tiles and checkpoint are real.
 */
export async function layStatements(database: Database, seed: Uint8Array, size: number): Promise<void> {
  const store = new LogStore(database, LOG_ID);
  const { publicKey, sign } = ed25519Seed(seed);
  const signer = noteSigner(ORIGIN, publicKey, sign);
  const empty = { origin: ORIGIN, size: 0, root: EMPTY_ROOT, frontier: Buffer.alloc(0), nextOffset: 0n, epoch: 0n };
  const note = await signNote(checkpointText(ORIGIN, 0, EMPTY_ROOT), [signer]);
  await store.create({ ...empty, note }, 'bench');
  const epoch = await store.claim(0);
  const claimed = epoch === undefined ? undefined : await store.ownHead(epoch);
  if (claimed === undefined) throw loadErrors.error('bench-tool-failed', { details: { reason: 'another claims it' } });
  let head = claimed;
  let tree = GrowingTree.empty();
  while (tree.size < size) {
    const added = leavesFrom(tree.size, Math.min(LEAVES_PER_STATEMENT, size - tree.size), size);
    const { next, root, fullTiles } = tree.extend(added.map((leaf) => leaf.leafHash));
    const grown = { ...head, size: next.size, root, frontier: next.frontier() };
    const signed = { ...grown, note: await signNote(checkpointText(ORIGIN, next.size, root), [signer]) };
    const append = { oldSize: tree.size, head: signed, leaves: added, tiles: fullTiles, manifests: [] };
    if (!(await store.append(append))) throw loadErrors.error('bench-tool-failed', { details: { reason: 'fenced' } });
    head = signed;
    tree = next;
    if (tree.size % 250_000 < LEAVES_PER_STATEMENT) say(`  … ${tree.size} leaves laid`);
  }
  await database.query('VACUUM ANALYZE log_leaf');
}

function leavesFrom(first: number, count: number, size: number): NewLeaf[] {
  return Array.from({ length: count }, (_, n) => leafAt(first + n, size));
}

/** Even leaves ask, odd ones answer or fail. */
function leafAt(index: number, size: number): NewLeaf {
  const exchange = Math.floor(index / 2);
  const isRequest = index % 2 === 0;
  const draw = scattered(exchange);
  const from = CONSUMERS[draw % CONSUMERS.length] ?? '';
  const svc = SERVICES[Math.floor(draw / 256) % SERVICES.length] ?? '';
  const xid = Buffer.alloc(16);
  xid.writeUIntBE(exchange + 1, 0, 6);
  xid[6] = 0x70;
  xid[8] = 0x80;
  const id = xid.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  const ts = FROM_MS + Math.floor((index / size) * DAYS * DAY_MS);
  const common = { id, ts, from, to: svc.slice(0, svc.lastIndexOf('/')), svc, ep: 'GET /{pin}' };
  const payload = isRequest ? requestOf(common, draw) : outcomeOf(common, draw);
  const body = Buffer.from(`${HEADER}.${part(payload)}.${SIGNATURE}`);
  const slot = isRequest ? 'c0' : payload.t === 'exchange.failed' ? 'c1' : 'p1';
  return { xid, slot, signer: isRequest ? from : common.to, leafHash: leafHash(body), index, body, offset: 0n };
}

function requestOf(common: object, draw: number) {
  const pur = PURPOSES[draw % PURPOSES.length];
  return { v: 1, t: 'exchange.requested', ...common, pur, law: 'LB-1', req: `h1:${HASH}`, subj: [], snap: 1 };
}

/** One in fifty fails, one in twenty is not found. */
function outcomeOf(common: object, draw: number) {
  if (draw % 50 === 0) {
    const why = REASONS[draw % REASONS.length];
    return { v: 1, t: 'exchange.failed', ...common, why, side: 'provider-system', prev: HASH };
  }
  return {
    v: 1,
    t: 'exchange.answered',
    ...common,
    st: draw % 20 === 0 ? 404 : 200,
    res: `h1:${HASH}`,
    prev: HASH,
    snap: 1,
  };
}

/** Mixes bits, so that neighbours have nothing in common (Knuth's multiplicative hash). */
function scattered(n: number): number {
  return Math.floor(((n * 2_654_435_761) % 2 ** 32) / 8);
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
