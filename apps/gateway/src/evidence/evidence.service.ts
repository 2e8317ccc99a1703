import { memberOf, subsystemOf, toBase64Url, type MemberId } from '#kernel';
import { parseStatement, type RequestedPayload, type Statement } from '#signing';
import { snapshotDigestOf } from '#snapshot';
import { encodeTlogProof } from '#tlog';
import { requestedOf, type StoredRow } from '../exchange/row.js';
import type { AuditLogService, GoverningManifest, LeafPlace, LogProof } from './audit-log.service.js';
import { isBusOutcomeOf, operatorWhoSigned } from './bus-outcome.js';
import { evidenceErrors } from './evidence.errors.js';
import { serialiseEvidence, sortMembers, type Evidence, type MemberEvidence, type ProvenManifest } from './evidence.js';

interface Placed {
  readonly statement: Statement;
  /** Under which it and its manifest are proven: of its window. */
  readonly checkpoint: string;
  readonly proof: LogProof;
  readonly manifest: GoverningManifest;
  /** In whose document the signer's key stands. */
  readonly member: MemberId;
}

/** A logged outcome; its proof is made in the newest tree, so it brings the checkpoint for all that is in its window. */
interface Ending {
  readonly statement: Statement;
  readonly member: MemberId;
  readonly checkpoint: string;
}

type EvidenceLog = Pick<
  AuditLogService,
  | 'receipt'
  | 'leafOf'
  | 'placeOf'
  | 'checkpointOf'
  | 'isOf'
  | 'proveAt'
  | 'governing'
  | 'memberEntry'
  | 'auditOperators'
>;

const MAX_BUILDING = 32;

/**
 * Puts Evidence v1 together (`statements.md` §6): what the row holds, and what the log proves, against one checkpoint
 * of each window. It invents nothing; if any part is not there yet, there is no evidence yet.
 */
export class EvidenceService {
  /** Evidence being put together now; written by `evidenceOf`. */
  private building = 0;

  constructor(private readonly log: EvidenceLog) {}

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
    const requested = requestedOf(row);
    if (requested === undefined) throw evidenceErrors.error('evidence-unavailable');
    const ending = (await this.toldEnding(row)) ?? (await this.busEnding(row, requested));
    if (ending === undefined) throw evidenceErrors.error('evidence-unavailable');
    const end = await this.place(ending.statement, ending.member, ending.checkpoint);
    const begin = await this.place(requested, memberOf(row.consumer), ending.checkpoint);
    return this.write(row, [begin, end]);
  }

  /** The outcome that the row holds, if the log holds it too. */
  private async toldEnding({ id, consumer, service, outcome }: StoredRow): Promise<Ending | undefined> {
    const parsed = outcome?.jws === undefined ? undefined : parseStatement(outcome.jws);
    if (parsed?.ok !== true) return undefined;
    const [slot, signer] = outcome?.by === 'provider' ? ['p1', subsystemOf(service)] : ['c1', consumer];
    const proof = await this.log.receipt(id, slot, signer);
    if (proof === undefined) return undefined;
    return { statement: parsed.value, member: memberOf(signer), checkpoint: proof.checkpoint };
  }

  /**
   * The bus's own word (`bus.md` §4.10), which counts where nobody else's stands in the log: the row never got an end,
   * or intake refused the one that its gateway stated. What a provider ended was in the log before it was told.
   */
  private async busEnding(row: StoredRow, requested: Statement<RequestedPayload>): Promise<Ending | undefined> {
    if (row.outcome?.by === 'provider') return undefined;
    const logged = await this.log.leafOf(row.id, 'b1');
    // Of another consumer's request by the same id it says nothing about ours.
    if (logged === undefined || !isBusOutcomeOf(logged.statement, requested)) return undefined;
    const { statement, proof } = logged;
    const place = await this.log.placeOf(logged.statement.leafHash);
    if (place === undefined) throw evidenceErrors.error('evidence-unavailable');
    const operators = await this.log.auditOperators(snapshotOf(await this.log.governing(place)));
    const operator = operatorWhoSigned(statement, operators);
    if (operator === undefined)
      throw evidenceErrors.error('log-answer-invalid', { details: { what: 'bus-signature' } });
    return { statement, member: operator.entry.id as MemberId, checkpoint: proof.checkpoint };
  }

  private async write(row: StoredRow, placed: readonly Placed[]): Promise<string> {
    const manifests = await this.manifestsOf(placed);
    const provider = memberOf(row.service);
    const members = await Promise.all([
      ...placed.map(({ member, manifest }) => this.member(member, manifest)),
      ...placed.slice(-1).map(({ manifest }) => this.member(provider, manifest)),
    ]);
    const evidence: Evidence = {
      statements: placed.map(({ statement, proof, manifest }) => ({
        jws: statement.jws,
        proof: encodeTlogProof(proof),
        governing: manifests.findIndex(({ place }) => isSamePlace(place, manifest)),
      })),
      manifests: manifests.map(({ proven }) => proven),
      members: sortMembers(members),
      salt: toBase64Url(row.salt),
      openings: row.openings,
      request: row.requestHead,
      answer: row.outcome?.answerHead ?? null,
    };
    return serialiseEvidence(evidence);
  }

  /** `near` is a checkpoint that serves for whatever stands in its window. */
  private async place(statement: Statement, member: MemberId, near: string): Promise<Placed> {
    const place = await this.log.placeOf(statement.leafHash);
    if (place === undefined) throw evidenceErrors.error('evidence-unavailable');
    const checkpoint = this.log.isOf(near, place.log) ? near : await this.log.checkpointOf(place.log);
    const [proof, manifest] = await Promise.all([
      this.log.proveAt(statement.jws, place.index, checkpoint),
      this.log.governing(place),
    ]);
    return { statement, checkpoint, proof, manifest, member };
  }

  /** Each governing manifest once: by window, as the statements bring them up, and in the order of the log. */
  private async manifestsOf(placed: readonly Placed[]): Promise<{ place: LeafPlace; proven: ProvenManifest }[]> {
    const logs = [...new Set(placed.map(({ manifest }) => manifest.log))];
    const distinct = new Map(placed.map((entry) => [`${entry.manifest.log} ${entry.manifest.index}`, entry]));
    const sorted = [...distinct.values()].sort(
      ({ manifest: a }, { manifest: b }) => logs.indexOf(a.log) - logs.indexOf(b.log) || a.index - b.index,
    );
    return Promise.all(
      sorted.map(async ({ manifest, checkpoint }) => {
        const { index, statement, digests } = manifest;
        const proof = await this.log.proveAt(statement, index, checkpoint);
        return { place: manifest, proven: { index, jws: statement, proof: encodeTlogProof(proof), digests } };
      }),
    );
  }

  private async member(id: MemberId, manifest: GoverningManifest): Promise<MemberEvidence> {
    const entry = await this.log.memberEntry(snapshotOf(manifest), id);
    if (entry === undefined) throw evidenceErrors.error('evidence-unavailable');
    return { id: entry.id, document: entry.document, keyChain: entry.keyChain };
  }
}

function isSamePlace(a: LeafPlace, b: LeafPlace): boolean {
  return a.log === b.log && a.index === b.index;
}

/** Digest of the snapshot that a manifest puts in force. */
function snapshotOf({ digests }: GoverningManifest): string {
  const digest = snapshotDigestOf(digests);
  // A checked manifest names one; the compiler cannot know.
  if (digest === undefined) throw evidenceErrors.error('evidence-unavailable');
  return digest;
}
