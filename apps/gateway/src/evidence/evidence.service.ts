import { subsystemOf, toBase64Url, type SubsystemId } from '#kernel';
import { parseStatement, type Statement } from '#signing';
import { snapshotDigestOf } from '#snapshot';
import { encodeTlogProof } from '#tlog';
import { requestedOf, type StoredRow } from '../exchange/row.js';
import type { AuditLogService, GoverningManifest, LogProof } from './audit-log.service.js';
import { evidenceErrors } from './evidence.errors.js';
import { serialiseEvidence, sortMembers, type Evidence, type MemberEvidence, type ProvenManifest } from './evidence.js';

interface Placed {
  readonly statement: Statement;
  readonly proof: LogProof;
  readonly manifest: GoverningManifest;
  readonly signer: SubsystemId;
}

const MAX_BUILDING = 32;

/**
 * Puts Evidence v1 together (`statements.md` §6): what the row holds, and what the log proves, all against one
 * checkpoint. It invents nothing; if any part is not there yet, there is no evidence yet.
 */
export class EvidenceService {
  /** Evidence being put together now; written by `evidenceOf`. */
  private building = 0;

  constructor(
    private readonly log: Pick<AuditLogService, 'receipt' | 'indexOf' | 'proveAt' | 'governing' | 'memberEntry'>,
  ) {}

  /**
   * The document's bytes. Throws `evidence-unavailable` while the exchange is open or a leaf is missing, and
   * `evidence-busy` rather than let a flood of these hold up the log and this process.
   */
  async evidenceOf(row: StoredRow): Promise<string> {
    if (this.building >= MAX_BUILDING) throw evidenceErrors.error('evidence-busy');
    this.building += 1;
    try {
      return await this.build(row);
    } finally {
      this.building -= 1;
    }
  }

  private async build(row: StoredRow): Promise<string> {
    const provider = subsystemOf(row.service);
    const requested = requestedOf(row);
    const jws = row.outcome?.jws;
    const outcome = jws === undefined ? undefined : parseStatement(jws);
    if (requested === undefined || outcome?.ok !== true) throw evidenceErrors.error('evidence-unavailable');
    const signer = row.outcome?.by === 'provider' ? provider : row.consumer;
    // The outcome's receipt is made in the newest tree, so it brings the checkpoint for everything else.
    const slot = row.outcome?.by === 'provider' ? 'p1' : 'c1';
    const last = await this.log.receipt(row.id, slot, signer);
    if (last === undefined) throw evidenceErrors.error('evidence-unavailable');
    const end = await this.place(outcome.value, signer, last.checkpoint);
    const begin = await this.place(requested, row.consumer, last.checkpoint);
    return this.write(row, [begin, end], provider, last.checkpoint);
  }

  private async write(
    row: StoredRow,
    placed: readonly Placed[],
    provider: SubsystemId,
    checkpoint: string,
  ): Promise<string> {
    const manifests = await this.manifestsOf(placed, checkpoint);
    const members = await Promise.all([
      ...placed.map(({ signer, manifest }) => this.member(signer, manifest)),
      ...placed.slice(-1).map(({ manifest }) => this.member(provider, manifest)),
    ]);
    const evidence: Evidence = {
      statements: placed.map(({ statement, proof, manifest }) => ({
        jws: statement.jws,
        proof: encodeTlogProof(proof),
        governing: manifests.findIndex(({ index }) => index === manifest.index),
      })),
      manifests,
      members: sortMembers(members),
      salt: toBase64Url(row.salt),
      openings: row.openings,
      request: row.requestHead,
      answer: row.outcome?.answerHead ?? null,
    };
    return serialiseEvidence(evidence);
  }

  private async place(statement: Statement, signer: SubsystemId, checkpoint: string): Promise<Placed> {
    const index = await this.log.indexOf(statement.leafHash);
    if (index === undefined) throw evidenceErrors.error('evidence-unavailable');
    const [proof, manifest] = await Promise.all([
      this.log.proveAt(statement.jws, index, checkpoint),
      this.log.governing(index),
    ]);
    return { statement, proof, manifest, signer };
  }

  /** Each governing manifest once, in the order of the log. */
  private async manifestsOf(placed: readonly Placed[], checkpoint: string): Promise<ProvenManifest[]> {
    const distinct = new Map(placed.map(({ manifest }) => [manifest.index, manifest]));
    const sorted = [...distinct.values()].sort((a, b) => a.index - b.index);
    return Promise.all(
      sorted.map(async ({ index, statement, digests }) => {
        const proof = await this.log.proveAt(statement, index, checkpoint);
        return { index, jws: statement, proof: encodeTlogProof(proof), digests };
      }),
    );
  }

  private async member(owner: SubsystemId, manifest: GoverningManifest): Promise<MemberEvidence> {
    const digest = snapshotDigestOf(manifest.digests);
    const entry = digest === undefined ? undefined : await this.log.memberEntry(digest, owner);
    if (entry === undefined) throw evidenceErrors.error('evidence-unavailable');
    return { id: entry.id, document: entry.document, keyChain: entry.keyChain };
  }
}
