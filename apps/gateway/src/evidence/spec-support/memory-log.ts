import { toHex } from '#kernel';
import type { Statement } from '#signing';
import { snapshotDigestOf, type MemberEntry, type Snapshot } from '#snapshot';
import { GrowingTree, leafHash } from '#tlog';
import type { AuditLogService, GoverningManifest, LeafPlace, LoggedLeaf, LogProof } from '../audit-log.service.js';
import type { AuditOperator } from '../bus-outcome.js';

const LOG = 'audit.test.example/TEST/0/2026h2';

interface PlacedLeaf {
  readonly statement: Statement;
  readonly slot: string;
  readonly signer: string;
}

/**
 * STAND-IN for the audit service, for specs of what is made of its answers: one tree in memory, whose checkpoints are
 * its size. Their signatures are the reader's business, which has a spec of its own.
 */
export class MemoryLog implements Omit<AuditLogService, 'close' | 'providerLeaf'> {
  private readonly leaves: PlacedLeaf[] = [];
  private readonly manifests: GoverningManifest[] = [];
  private readonly snapshots = new Map<string, Snapshot>();

  append(statement: Statement, slot: string, signer: string): void {
    this.leaves.push({ statement, slot, signer });
  }

  /** Appends a manifest, and keeps the snapshot that it names. */
  enact(manifest: Statement, digests: string, snapshot: Snapshot): void {
    this.manifests.push({ log: LOG, index: this.leaves.length, statement: manifest.jws, digests });
    this.snapshots.set(snapshotDigestOf(digests) ?? '', snapshot);
    this.append(manifest, '-', 'registry');
  }

  async receipt(id: string, slot: string, signer?: string): Promise<LogProof | undefined> {
    return (await this.leafOf(id, slot, signer))?.proof;
  }

  leafOf(id: string, slot: string, signer?: string): Promise<LoggedLeaf | undefined> {
    const index = this.leaves.findIndex(
      (leaf) => leaf.statement.payload.id === id && leaf.slot === slot && leaf.signer === (signer ?? leaf.signer),
    );
    const statement = this.leaves[index]?.statement;
    return Promise.resolve(statement === undefined ? undefined : { statement, proof: this.proofAt(index) });
  }

  placeOf(hash: Uint8Array): Promise<LeafPlace | undefined> {
    const index = this.leaves.findIndex(({ statement }) => toHex(statement.leafHash) === toHex(hash));
    return Promise.resolve(index < 0 ? undefined : { log: LOG, index });
  }

  checkpointOf(): Promise<string> {
    return Promise.resolve(this.checkpoint());
  }

  isOf(): boolean {
    return true;
  }

  proveAt(_leaf: string, index: number, _checkpoint: string): Promise<LogProof> {
    return Promise.resolve(this.proofAt(index));
  }

  governing({ index }: LeafPlace): Promise<GoverningManifest> {
    return Promise.resolve(this.manifests.findLast((manifest) => manifest.index < index) as GoverningManifest);
  }

  memberEntry(digest: string, id: string): Promise<MemberEntry | undefined> {
    return Promise.resolve(this.snapshots.get(digest)?.members.find((entry) => entry.id === id));
  }

  auditOperators(digest: string): Promise<readonly AuditOperator[]> {
    const { instances = [], members = [] } = this.snapshots.get(digest) ?? {};
    const operators = instances.flatMap(({ id, kind, runBy }) => {
      const entry = members.find((member) => member.id === runBy);
      return kind === 'audit' && entry !== undefined ? [{ instance: id, entry }] : [];
    });
    return Promise.resolve(operators);
  }

  private proofAt(index: number): LogProof {
    const hashes = this.leaves.map(({ statement }) => leafHash(Buffer.from(statement.jws)));
    const path = GrowingTree.empty().extend(hashes).path(index);
    return { index, size: hashes.length, path, checkpoint: this.checkpoint() };
  }

  private checkpoint(): string {
    return `${this.leaves.length} leaves\n`;
  }
}
