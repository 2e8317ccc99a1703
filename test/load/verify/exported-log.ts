import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { exchangeIdBytes, sha256, type ExchangeId } from '#kernel';
import { freePort, startPostgres } from '#local';
import { AppMetrics, silentLogger } from '#platform';
import { openDatabase, type Database } from '#postgres';
import { parseStatement, slotFor, type SignerRole } from '#signing';
import type { World } from '#testing';
import { checkpointText, ed25519Seed, EMPTY_ROOT, GrowingTree, leafHash, noteSigner, parseVkey, signNote } from '#tlog';
import type { NoteKey, NoteSigner } from '#tlog';
import { ExportDirectory } from '../../../apps/audit/src/export/export-directory.store.js';
import { exportMetrics } from '../../../apps/audit/src/export/export-metrics.service.js';
import { ExportStore } from '../../../apps/audit/src/export/export.store.js';
import { Exporter } from '../../../apps/audit/src/export/exporter.service.js';
import { SnapshotStore } from '../../../apps/audit/src/intake/snapshot.store.js';
import { migrations } from '../../../apps/audit/src/migrations/index.js';
import { LogStore, type NewLeaf, type NewManifest } from '../../../apps/audit/src/sequencer/log.store.js';
import { loadErrors } from '../harness/load.errors.js';
import { say } from '../harness/report.js';
import type { Workspace } from '../harness/workspace.js';
import { trustOf } from './lay-log.js';
import { SignedLog } from './signed-log.js';

const ORIGIN = 'audit.bench.example/TEST/0/2026h2';
const REGISTRY = 'TEST/registry1';
const LOG_ID = 1;
const LEAVES_PER_STATEMENT = 10_000;

/**
 * A log of signed exchanges as audit writes one: committed through the sequencer's own statement to a PostgreSQL of its
 * own, and then written to the folder by the exporter. Resolves with the `trust.json` by which it verifies.
 */
export async function exportedLog(workspace: Workspace, folder: string, size: number): Promise<Buffer> {
  const postgres = await startPostgres({
    dataDir: join(workspace.directory, 'postgres'),
    port: await freePort(),
    password: 'bench',
    logFile: join(workspace.directory, 'postgres.log'),
  });
  const database = await openDatabase({
    url: postgres.url,
    schema: 'audit',
    migrations,
    poolSize: 2,
    statementTimeoutMs: 120_000,
  });
  try {
    const { publicKey, sign } = ed25519Seed(randomBytes(32));
    const signer = noteSigner(ORIGIN, publicKey, sign);
    const log = await SignedLog.create();
    await layRows(database, log, signer, size);
    say(`  … ${size} leaves laid in PostgreSQL`);
    await exportTo(folder, database, keyOf(signer));
    say(`  … ${size} leaves exported`);
    return trustOf(log.world, signer.vkey);
  } finally {
    await database.close();
    // What is verified are the files alone.
    await postgres.stop();
  }
}

async function layRows(database: Database, log: SignedLog, signer: NoteSigner, size: number): Promise<void> {
  const { world } = log;
  await new SnapshotStore(database).store(sha256(world.bytes), world.snapshot.number, gzipSync(world.bytes));
  const store = new LogStore(database, LOG_ID);
  const empty = { size: 0, root: EMPTY_ROOT, frontier: Buffer.alloc(0), nextOffset: 0n, epoch: 0n };
  const first = await signNote(checkpointText(ORIGIN, 0, EMPTY_ROOT), [signer]);
  await store.create({ origin: ORIGIN, ...empty, note: first }, 'bench');
  const epoch = await store.claim(0);
  let head = epoch === undefined ? undefined : await store.ownHead(epoch);
  let tree = GrowingTree.empty();
  let leaves: NewLeaf[] = [];
  const commit = async () => {
    if (head === undefined) throw loadErrors.error('bench-tool-failed', { details: { reason: 'another claims it' } });
    const { next, root, fullTiles } = tree.extend(leaves.map((leaf) => leaf.leafHash));
    const note = await signNote(checkpointText(ORIGIN, next.size, root), [signer]);
    const grown = { ...head, size: next.size, root, frontier: next.frontier(), nextOffset: BigInt(next.size), note };
    const manifests = leaves.filter(({ slot }) => slot === '-').map((leaf) => manifestOf(leaf, world));
    const append = { oldSize: tree.size, head: grown, leaves, tiles: fullTiles, manifests };
    if (!(await store.append(append))) throw loadErrors.error('bench-tool-failed', { details: { reason: 'fenced' } });
    head = grown;
    tree = next;
    leaves = [];
    if (tree.size % 100_000 < LEAVES_PER_STATEMENT) say(`  … ${tree.size} leaves`);
  };
  for await (const body of log.leaves(size))
    if (leaves.push(leafOf(body, tree.size + leaves.length)) === LEAVES_PER_STATEMENT) await commit();
  if (leaves.length > 0) await commit();
}

function leafOf(body: Buffer, index: number): NewLeaf {
  const read = parseStatement(body.toString());
  if (!read.ok) throw loadErrors.error('bench-tool-failed', { details: { reason: read.reason } });
  const { payload } = read.value;
  const [role, signer] = signedBy(payload);
  const slot = slotFor(payload, role) ?? '';
  const xid = Buffer.from(exchangeIdBytes(payload.id as ExchangeId));
  return { xid, slot, signer, leafHash: leafHash(body), body, index, offset: BigInt(index) };
}

function signedBy({ t, from, to }: { readonly t: string; readonly from?: string; readonly to?: string }) {
  const signed: [SignerRole, string] =
    t === 'registry.manifest'
      ? ['registry', REGISTRY]
      : t === 'exchange.requested'
        ? ['from', from ?? '']
        : ['to', to ?? ''];
  return signed;
}

function manifestOf({ index, body }: NewLeaf, { snapshot, bytes, digests }: World): NewManifest {
  return { index, number: snapshot.number, digest: sha256(bytes), digests, statement: body.toString() };
}

async function exportTo(folder: string, database: Database, key: NoteKey): Promise<void> {
  const exporter = new Exporter({
    store: new ExportStore(database, LOG_ID),
    directory: new ExportDirectory(folder),
    key,
    isOwner: () => true,
    logger: silentLogger(),
    metrics: exportMetrics.on(new AppMetrics('audit')),
  });
  await exporter.pass();
}

function keyOf({ vkey }: NoteSigner): NoteKey {
  const key = parseVkey(vkey);
  if (!key.ok) throw loadErrors.error('bench-tool-failed', { details: { reason: key.reason } });
  return key.value;
}
