import { checkpointText, GrowingTree, leafHash, signNote, type NoteSigner } from '#tlog';
import type { Database } from '#postgres';

/** Writes a log's tables as the sequencer would (`audit-log.md` §3.2), but from here, so that reading is judged alone. */
export class WrittenLog {
  tree = GrowingTree.empty();

  private constructor(
    private readonly database: Database,
    readonly logId: number,
    private readonly signer: NoteSigner,
  ) {}

  static async create(database: Database, logId: number, signer: NoteSigner): Promise<WrittenLog> {
    const log = new WrittenLog(database, logId, signer);
    await database.query('SELECT make_leaf_partition($1)', [logId]);
    await database.query(
      `INSERT INTO log_head (log_id, origin, size, root, frontier, kafka_topic, kafka_partition, next_offset, epoch, note, updated)
       VALUES ($1, $2, 0, $3, ''::bytea, 'audit.stamp.0', 0, 0, 0, $4, now())`,
      [logId, signer.name, log.tree.root(), await log.note()],
    );
    return log;
  }

  note(): Promise<string> {
    return signNote(checkpointText(this.signer.name, this.tree.size, this.tree.root()), [this.signer]);
  }

  /** Appends as one batch. Ids and slots default to ones that no other leaf has. */
  async append(
    bodies: readonly Buffer[],
    ids?: readonly { xid: Buffer; slot: string; signer: string }[],
  ): Promise<void> {
    const extension = this.tree.extend(bodies.map(leafHash));
    const first = this.tree.size;
    const rows = bodies.map(
      (body, at) => ids?.[at] ?? { xid: leafHash(body).subarray(0, 16), slot: '-', signer: 'DEMO/x' },
    );
    await this.insertLeaves(first, bodies, rows);
    for (const tile of extension.fullTiles) {
      await this.database.query('INSERT INTO log_tile (log_id, lvl, idx, root, data) VALUES ($1, $2, $3, $4, $5)', [
        this.logId,
        tile.level,
        tile.index,
        tile.root,
        tile.data,
      ]);
    }
    this.tree = extension.next;
    await this.database.query(
      'UPDATE log_head SET size = $2, root = $3, frontier = $4, note = $5, updated = now() WHERE log_id = $1',
      [this.logId, extension.size, extension.root, extension.next.frontier(), await this.note()],
    );
  }

  /** Rows only, from `first` on: what lies beyond the head, or a damaged table. */
  async insertLeaves(
    first: number,
    bodies: readonly Buffer[],
    rows: readonly { xid: Buffer; slot: string; signer: string }[],
  ): Promise<void> {
    await this.database.query(
      `INSERT INTO log_leaf (log_id, idx, xid, slot, signer, leaf_hash, body, kafka_offset)
       SELECT $1, $2::bigint + n - 1, xid, slot, signer, hash, body, n
         FROM unnest($3::bytea[], $4::text[], $5::text[], $6::bytea[], $7::bytea[])
              WITH ORDINALITY AS leaf (xid, slot, signer, hash, body, n)`,
      [
        this.logId,
        first,
        rows.map((row) => row.xid),
        rows.map((row) => row.slot),
        rows.map((row) => row.signer),
        bodies.map(leafHash),
        bodies,
      ],
    );
  }
}
