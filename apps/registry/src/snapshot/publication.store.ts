import type { Database } from '#postgres';
import { snapshotSchema, type Snapshot } from '#snapshot';

export interface StoredSnapshot {
  readonly snapshot: Snapshot;
  /** Exactly the bytes that are hashed and published. */
  readonly body: string;
  readonly digests: string;
  readonly madeAtMs: number;
}

export interface StoredManifest {
  readonly leafHash: Buffer;
  readonly number: number;
  readonly statement: string;
  readonly digests: string;
  readonly untilMs: number;
}

interface ManifestRow {
  leaf_hash: Buffer;
  number: string;
  statement: string;
  digests: string;
  until_ms: string;
}

/** Manifests beyond these are in the log and nowhere needed here. */
const KEPT_MANIFESTS = 100;
const MAX_ASKED = 5;

/**
 * The state of publication. At most one manifest is `stamping`; it is written before it is sent, so that after a crash
 * the same bytes are stamped again and the chain of `prev` never forks.
 */
export class PublicationStore {
  constructor(private readonly database: Database) {}

  async newestSnapshot(): Promise<StoredSnapshot | undefined> {
    return this.snapshot('', []);
  }

  async snapshotNumbered(number: number): Promise<StoredSnapshot | undefined> {
    return this.snapshot('WHERE number = $1', [number]);
  }

  /** Number 1, once; a second registry that starts at the same time finds it there. */
  async putFirst(number: number, body: string, digests: string): Promise<void> {
    await this.database.query(
      'INSERT INTO snapshot (number, body, digests) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
      [number, body, digests],
    );
  }

  async stampingManifest(): Promise<StoredManifest | undefined> {
    return this.manifest(`WHERE state = 'stamping'`);
  }

  /** The one that the next names as `prev`. */
  async lastLogged(): Promise<StoredManifest | undefined> {
    return this.manifest(`WHERE state IN ('logged', 'published')`);
  }

  async insertStamping(manifest: StoredManifest): Promise<void> {
    await this.database.query(
      `INSERT INTO manifest (leaf_hash, number, statement, digests, until_ms, state)
       VALUES ($1, $2, $3, $4, $5, 'stamping')`,
      [manifest.leafHash, manifest.number, manifest.statement, manifest.digests, manifest.untilMs],
    );
  }

  async markLogged(leafHash: Uint8Array, index: number): Promise<void> {
    await this.database.query(`UPDATE manifest SET state = 'logged', log_index = $2 WHERE leaf_hash = $1`, [
      leafHash,
      index,
    ]);
    await this.database.query('DELETE FROM manifest WHERE sequence < (SELECT max(sequence) FROM manifest) - $1', [
      KEPT_MANIFESTS,
    ]);
  }

  async markPublished(leafHash: Uint8Array): Promise<void> {
    await this.database.query(`UPDATE manifest SET state = 'published' WHERE leaf_hash = $1`, [leafHash]);
  }

  async markRefused(leafHash: Uint8Array): Promise<void> {
    await this.database.query(`UPDATE manifest SET state = 'refused' WHERE leaf_hash = $1`, [leafHash]);
  }

  /** Those after the last that is proven to be in the log: unproven refusals made us give them up. Newest first. */
  async givenUp(): Promise<StoredManifest[]> {
    return this.manifests(`WHERE state = 'refused' AND sequence >
      coalesce((SELECT max(sequence) FROM manifest WHERE state IN ('logged', 'published')), 0)`);
  }

  private async manifest(where: string): Promise<StoredManifest | undefined> {
    const [newest] = await this.manifests(where);
    return newest;
  }

  private async manifests(where: string): Promise<StoredManifest[]> {
    const rows = await this.database.query<ManifestRow>(
      `SELECT leaf_hash, number, statement, digests, until_ms FROM manifest ${where} ORDER BY sequence DESC
       LIMIT ${MAX_ASKED}`,
    );
    return rows.map(({ leaf_hash: leafHash, number, statement, digests, until_ms: untilMs }) => ({
      leafHash,
      statement,
      digests,
      number: Number(number),
      untilMs: Number(untilMs),
    }));
  }

  private async snapshot(where: string, parameters: readonly number[]): Promise<StoredSnapshot | undefined> {
    const [row] = await this.database.query<{ body: string; digests: string; made_at_ms: string }>(
      `SELECT body, digests, (extract(epoch FROM made_at) * 1000)::bigint AS made_at_ms
       FROM snapshot ${where} ORDER BY number DESC LIMIT 1`,
      [...parameters],
    );
    if (row === undefined) return undefined;
    const snapshot = snapshotSchema.parse(JSON.parse(row.body));
    return { snapshot, body: row.body, digests: row.digests, madeAtMs: Number(row.made_at_ms) };
  }
}

/** The store as its users see it. */
export type PublicationRecords = Pick<PublicationStore, keyof PublicationStore>;
