import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { AppError, fromBase64, sha256, toHex, type MemberId } from '#kernel';
import { HttpReader } from '#platform';
import { parseStatement, type RequestedPayload, type Statement } from '#signing';
import { checkManifest, snapshotSchema, type MemberEntry, type RegistryKey } from '#snapshot';
import {
  decodeBundle,
  leafHash,
  openNote,
  parseTlogProof,
  tilePath,
  tileWidth,
  trimNote,
  verifyInclusion,
  type NoteKey,
} from '#tlog';
import type { LoggedOutcomes } from '../exchange/takeover.service.js';
import type { AuditOperator } from './bus-outcome.js';
import { evidenceErrors } from './evidence.errors.js';

/** Where a leaf stands: windows of the log count for themselves (`audit-log.md` §3.7). */
export interface LeafPlace {
  /** Origin of the window. */
  readonly log: string;
  readonly index: number;
}

export interface LogProof {
  readonly index: number;
  readonly size: number;
  readonly path: readonly Buffer[];
  readonly checkpoint: string;
}

export interface GoverningManifest extends LeafPlace {
  readonly statement: string;
  readonly digests: string;
}

/** A leaf that the log holds, and its newest proof. */
export interface LoggedLeaf {
  readonly statement: Statement;
  readonly proof: LogProof;
}

/** What evidence wants of a snapshot. */
interface SnapshotParts {
  readonly members: ReadonlyMap<string, MemberEntry>;
  readonly auditOperators: readonly AuditOperator[];
}

export interface AuditLogOptions {
  readonly url: string;
  /** vkeys of `trust.json`. */
  readonly logs: readonly NoteKey[];
  /** Registry keys of `trust.json`. */
  readonly registryKeys: readonly RegistryKey[];
  readonly timeoutMs: number;
  /** Bearer token, where audit keeps leaves for its readers. */
  readonly token?: string | undefined;
}

const MAX_SMALL_BYTES = 8 * 1024 * 1024;
const MAX_SNAPSHOT_BYTES = 256 * 1024 * 1024;
const SNAPSHOT_TIMEOUT_MS = 60_000;

const inclusionAnswer = z.object({ path: z.array(z.string()) });
const leafAnswer = z.object({ log: z.string(), index: z.number().int().nonnegative() });
const governingAnswer = leafAnswer.extend({ statement: z.string(), digests: z.string() });

/**
 * Reads the audit service. Every proof is checked against `trust.json` before it is handed on: a gateway gives no
 * evidence out that it would not accept. Answers are bounded in time and size; what never changes is kept.
 */
export class AuditLogService implements LoggedOutcomes {
  private readonly http: HttpReader;
  /** By window and index of the statement. */
  private readonly manifests = new LRUCache<string, GoverningManifest>({ max: 1_000 });
  /** By the snapshot's hex digest. */
  private readonly snapshots = new LRUCache<string, SnapshotParts>({ max: 8 });

  constructor(private readonly options: AuditLogOptions) {
    this.http = new HttpReader({ timeoutMs: options.timeoutMs });
  }

  /** The newest proof of an exchange's leaf, or undefined if the log holds none. Only `b1` has no choice of signer. */
  async receipt(id: string, slot: string, signer?: string): Promise<LogProof | undefined> {
    const query = new URLSearchParams(signer === undefined ? { slot } : { slot, signer });
    const body = await this.get(`/receipts/${id}?${query.toString()}`, MAX_SMALL_BYTES);
    const proof = body === undefined ? undefined : parseTlogProof(body.toString('utf8'));
    if (proof === undefined) return undefined;
    if (!proof.ok) throw evidenceErrors.error('log-answer-invalid', { details: { what: 'receipt' } });
    const opened = openNote(proof.value.checkpoint, this.options.logs);
    if (!opened.ok) throw evidenceErrors.error('log-answer-invalid', { details: { what: opened.reason } });
    // Evidence is one spelling (ADR 0006): lines of witnesses differ by when one asks, and prove nothing of the leaf.
    const checkpoint = trimNote(proof.value.checkpoint, opened.value.signers) ?? proof.value.checkpoint;
    return { ...proof.value, checkpoint, size: opened.value.size };
  }

  /** Where a leaf stands, or undefined if it does not. */
  async placeOf(hash: Uint8Array): Promise<LeafPlace | undefined> {
    const body = await this.get(`/leaf?hash=${Buffer.from(hash).toString('hex')}`, MAX_SMALL_BYTES);
    return body === undefined ? undefined : parse(leafAnswer, body);
  }

  /** The newest checkpoint of that window; signed by its key. */
  async checkpointOf(origin: string): Promise<string> {
    const body = await this.get(`/log/${belowLog(origin)}/checkpoint`, MAX_SMALL_BYTES);
    if (body === undefined) throw evidenceErrors.error('evidence-unavailable');
    const opened = openNote(body, this.options.logs);
    if (!opened.ok || opened.value.origin !== origin)
      throw evidenceErrors.error('log-answer-invalid', { details: { what: 'checkpoint' } });
    return body.toString('utf8');
  }

  /** Whether the checkpoint is one of that window; its signature is checked where it is used. */
  isOf(checkpoint: string, origin: string): boolean {
    return checkpoint.startsWith(`${origin}\n`);
  }

  /** The proof that these leaf bytes stand at `index` of the tree of `checkpoint`; checked. */
  async proveAt(leaf: string, index: number, checkpoint: string): Promise<LogProof> {
    const opened = openNote(checkpoint, this.options.logs);
    if (!opened.ok) throw evidenceErrors.error('log-answer-invalid', { details: { what: opened.reason } });
    const { size, root, origin } = opened.value;
    const query = new URLSearchParams({ index: String(index), size: String(size), log: origin });
    const body = await this.get(`/proof/inclusion?${query.toString()}`, MAX_SMALL_BYTES);
    if (body === undefined) throw evidenceErrors.error('evidence-unavailable');
    const path = parse(inclusionAnswer, body).path.map((hash) => fromBase64(hash) ?? Buffer.alloc(0));
    if (!verifyInclusion(leafHash(Buffer.from(leaf)), index, size, path, root))
      throw evidenceErrors.error('log-answer-invalid', { details: { what: 'inclusion', index } });
    return { index, size, path, checkpoint };
  }

  /** The manifest by which keys of the statement at that place are judged; it stands in the same window. */
  async governing({ log, index }: LeafPlace): Promise<GoverningManifest> {
    const key = `${log} ${index}`;
    const known = this.manifests.get(key);
    if (known !== undefined) return known;
    const query = new URLSearchParams({ index: String(index), log });
    const body = await this.get(`/v1/manifests/governing?${query.toString()}`, MAX_SMALL_BYTES);
    if (body === undefined) throw evidenceErrors.error('evidence-unavailable');
    const manifest = parse(governingAnswer, body);
    // Checked before it is kept: a wrong one would spoil all evidence to come. Its place is proven by who uses it.
    const checked = checkManifest(manifest, this.options.registryKeys);
    if (!checked.ok || manifest.log !== log)
      throw evidenceErrors.error('log-answer-invalid', { details: { what: checked.ok ? 'window' : checked.reason } });
    this.manifests.set(key, manifest);
    return manifest;
  }

  /** A member's entry in the snapshot of that digest. */
  async memberEntry(snapshotDigest: string, id: MemberId): Promise<MemberEntry | undefined> {
    return (await this.snapshot(snapshotDigest)).members.get(id);
  }

  /** Who runs which audit instance, by the snapshot of that digest. */
  async auditOperators(snapshotDigest: string): Promise<readonly AuditOperator[]> {
    return (await this.snapshot(snapshotDigest)).auditOperators;
  }

  /**
   * The leaf that the audit service shows for a slot of an exchange: in the log, and nothing else of it is checked.
   * Undefined if it shows none.
   */
  async leafOf(id: string, slot: string, signer?: string): Promise<LoggedLeaf | undefined> {
    const proof = await this.receipt(id, slot, signer);
    if (proof === undefined) return undefined;
    const leaf = await this.leafAt(proof);
    const statement = leaf === undefined ? undefined : parseStatement(leaf.toString('latin1'));
    if (statement?.ok !== true) throw evidenceErrors.error('log-answer-invalid', { details: { what: 'bundle' } });
    return { statement: statement.value, proof };
  }

  async providerLeaf(requested: Statement<RequestedPayload>): Promise<Statement | undefined> {
    const { id, to } = requested.payload;
    return (await this.leafOf(id, 'p1', to))?.statement;
  }

  async close(): Promise<void> {
    await this.http.close();
  }

  private async leafAt({ index, size, path, checkpoint }: LogProof): Promise<Buffer | undefined> {
    const opened = openNote(checkpoint, this.options.logs);
    if (!opened.ok) return undefined;
    const bundle = Math.floor(index / 256);
    const width = tileWidth(size, 'entries', bundle);
    const body = await this.get(
      `/log/${belowLog(opened.value.origin)}/${tilePath({ level: 'entries', index: bundle, width })}`,
      MAX_SMALL_BYTES,
    );
    const leaf = body === undefined ? undefined : decodeBundle(body, width)?.[index % 256];
    return leaf !== undefined && verifyInclusion(leafHash(leaf), index, size, path, opened.value.root)
      ? leaf
      : undefined;
  }

  private async snapshot(digest: string): Promise<SnapshotParts> {
    const known = this.snapshots.get(digest);
    if (known !== undefined) return known;
    const body = await this.get(`/v1/snapshots/${digest}`, MAX_SNAPSHOT_BYTES, SNAPSHOT_TIMEOUT_MS);
    if (body === undefined) throw evidenceErrors.error('evidence-unavailable');
    if (toHex(sha256(body)) !== digest)
      throw evidenceErrors.error('log-answer-invalid', { details: { what: 'snapshot-digest' } });
    const { members, instances } = parse(snapshotSchema, body);
    const entries = new Map(members.map((entry) => [entry.id, entry]));
    const auditOperators = instances
      .filter(({ kind }) => kind === 'audit')
      .flatMap(({ id, runBy }) => {
        const entry = entries.get(runBy);
        return entry === undefined ? [] : [{ instance: id, entry }];
      });
    const parts = { members: entries, auditOperators };
    this.snapshots.set(digest, parts);
    return parts;
  }

  private get headers(): Record<string, string> {
    const { token } = this.options;
    return token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  /** Undefined on 404. */
  private async get(path: string, maxBytes: number, timeoutMs?: number): Promise<Buffer | undefined> {
    const bounds = timeoutMs === undefined ? { maxBytes } : { maxBytes, timeoutMs };
    const question = { headers: this.headers, ...bounds };
    const { status, body } = await this.http.ask(new URL(path, this.options.url), question).catch((cause: unknown) => {
      if (cause instanceof AppError && cause.code === 'http-too-large')
        throw evidenceErrors.error('log-answer-invalid', { cause, details: { what: 'size' } });
      throw evidenceErrors.error('log-unreachable', { cause });
    });
    if (status === 404) return undefined;
    if (status !== 200) throw evidenceErrors.error('log-unreachable', { details: { status } });
    return body;
  }
}

/** An origin ends with shard and window, which are the log's place below the audit service (`audit-log.md` §3.7). */
function belowLog(origin: string): string {
  return origin.split('/').slice(-2).join('/');
}

function parse<Schema extends z.ZodType>(schema: Schema, body: Buffer): z.infer<Schema> {
  try {
    return schema.parse(JSON.parse(body.toString('utf8')));
  } catch {
    // What stood there is not quoted: a snapshot is large, and a wrong answer is not worth more than the fact.
    throw evidenceErrors.error('log-answer-invalid', { details: { what: 'json' } });
  }
}
