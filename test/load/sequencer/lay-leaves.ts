import { join } from 'node:path';
import { keyFileName, loadKeySet } from '#platform';
import { openDatabase, type Database } from '#postgres';
import { checkpointText, GrowingTree, leafHash, signNote, type NoteSigner } from '#tlog';
import { parseLogKey } from '../../../apps/audit/src/log-key.js';
import { migrations } from '../../../apps/audit/src/migrations/index.js';
import { LogStore, type NewLeaf } from '../../../apps/audit/src/sequencer/log.store.js';
import { loadErrors } from '../harness/load.errors.js';
import { say } from '../harness/report.js';

export interface LayOptions {
  readonly databaseUrl: string;
  readonly keysDir: string;
  /** Leaves that the log has afterwards. */
  readonly size: number;
  /** Absent: leaves that are no statements, of which only start and sweeper would take notice. */
  readonly leafAt?: (index: number) => NewLeaf;
  /** Published notes, one for each so many leaves; absent: none. */
  readonly leavesPerNote?: number;
}

const LOG_ID = 1;
const LEAVES_PER_STATEMENT = 10_000;
/** As long as a signed statement is. */
const BODY_BYTES = 640;

/**
 * Grows a log whose audit service is stopped to a size, through the sequencer's own statement. The leaves are no
 * statements, which only the start and the sweeper could notice; the tree, the tiles and the checkpoint are real.
 */
export async function layLeaves({
  databaseUrl,
  keysDir,
  size,
  leafAt = benchLeaf,
  leavesPerNote,
}: LayOptions): Promise<void> {
  const database = await openDatabase({
    url: databaseUrl,
    schema: 'audit',
    migrations,
    poolSize: 2,
    statementTimeoutMs: 120_000,
  });
  try {
    const store = new LogStore(database, LOG_ID);
    const epoch = await store.claim(0);
    const claimed = epoch === undefined ? undefined : await store.ownHead(epoch);
    if (claimed === undefined)
      throw loadErrors.error('bench-tool-failed', { details: { reason: 'another claims it' } });
    let head = claimed;
    const { leaves, tiles } = await store.edge(head.size);
    const levels = [leaves.map((leaf) => leaf.leafHash), ...tiles.map((row) => row.map((tile) => tile.root))];
    const edge = GrowingTree.fromEdge(head.size, head.size === 0 ? [] : levels);
    if (!edge.ok) throw loadErrors.error('bench-tool-failed', { details: { reason: edge.reason } });
    let tree = edge.value;
    const log = parseLogKey(head.origin, await loadKeySet(join(keysDir, keyFileName('DEMO/audit1.log'))));
    if (log === undefined) throw loadErrors.error('bench-tool-failed', { details: { reason: 'log key' } });
    while (tree.size < size) {
      const added = leavesFrom(tree.size, Math.min(LEAVES_PER_STATEMENT, size - tree.size), leafAt);
      const { next, root, fullTiles } = tree.extend(added.map((leaf) => leaf.leafHash));
      const note = await signNote(checkpointText(head.origin, next.size, root), [log.signer]);
      const grown = { ...head, size: next.size, root, frontier: next.frontier(), note };
      const isOurs = await store.append({
        oldSize: tree.size,
        head: grown,
        leaves: added,
        tiles: fullTiles,
        manifests: [],
      });
      if (!isOurs) throw loadErrors.error('bench-tool-failed', { details: { reason: 'the log has another owner' } });
      if (leavesPerNote !== undefined)
        await addNotes(database, await notesOf(tree, added, leavesPerNote, head.origin, log.signer));
      head = grown;
      tree = next;
      if (tree.size % 500_000 < LEAVES_PER_STATEMENT) say(`  … ${tree.size} leaves laid`);
    }
    // The sweeper must not look for sequels of leaves that are no statements.
    await database.query(
      'INSERT INTO sweep_cursor (log_id, idx) VALUES ($1, $2) ON CONFLICT (log_id) DO UPDATE SET idx = excluded.idx',
      [LOG_ID, size],
    );
    // What it owes for all that is done now, and not while the next stamps are measured.
    await database.query('VACUUM ANALYZE log_leaf');
    await database.query('VACUUM ANALYZE log_anchor');
    await database.query('CHECKPOINT');
  } finally {
    await database.close();
  }
}

function leavesFrom(first: number, count: number, leafAt: (index: number) => NewLeaf): NewLeaf[] {
  return Array.from({ length: count }, (_, n) => leafAt(first + n));
}

interface Note {
  readonly size: number;
  readonly text: string;
}

async function notesOf(
  before: GrowingTree,
  added: readonly NewLeaf[],
  leavesPerNote: number,
  origin: string,
  signer: NoteSigner,
): Promise<Note[]> {
  const notes: Note[] = [];
  let tree = before;
  for (let at = 0; at + leavesPerNote <= added.length; at += leavesPerNote) {
    tree = tree.extend(added.slice(at, at + leavesPerNote).map((leaf) => leaf.leafHash)).next;
    notes.push({ size: tree.size, text: await signNote(checkpointText(origin, tree.size, tree.root()), [signer]) });
  }
  return notes;
}

async function addNotes(database: Database, notes: readonly Note[]): Promise<void> {
  await database.query(
    `INSERT INTO log_anchor (log_id, size, kind, source, data)
     SELECT $1, size, 'note', 'bench', convert_to(text, 'UTF8') FROM unnest($2::bigint[], $3::text[]) AS n (size, text)
     ON CONFLICT DO NOTHING`,
    [LOG_ID, notes.map(({ size }) => size), notes.map(({ text }) => text)],
  );
}

/** Ids grow with the index, as UUIDv7 does with time, and lie before all of today's. */
function benchLeaf(index: number): NewLeaf {
  const xid = Buffer.alloc(16);
  xid.writeUIntBE(index, 0, 6);
  const body = Buffer.alloc(BODY_BYTES, 0x2e);
  body.write(`bench leaf ${index}`);
  return { xid, slot: 'c0', signer: 'DEMO/GOV/1000/mygov', leafHash: leafHash(body), index, body, offset: 0n };
}
