import { ok, refuse, sha256, toBase64Url, type Result } from '#kernel';
import type { Evidence } from './evidence.js';
import { proveLeaf, type Checkpoint } from './log-proof.js';
import { at, type Refusal } from './report.js';
import { isSequel, parseStatement, type Statement } from './statement.js';
import type { TrustAnchors } from './trust.js';

/** First half of the verdict: everything that hashes alone decide. Signatures come after, in `signatures.ts`. */

export interface ProvenManifest {
  readonly statement: Statement;
  /** Origin of the log in which it stands. */
  readonly log: string;
  readonly index: number;
  readonly digests: string;
}

export interface ProvenStatement {
  readonly statement: Statement;
  readonly log: string;
  readonly index: number;
  readonly governing: ProvenManifest;
}

export interface ProvenCase {
  /** `requested` first, then what counts as its sequel. */
  readonly statements: readonly [ProvenStatement, ...ProvenStatement[]];
  readonly manifests: readonly ProvenManifest[];
  /** One per distinct signed note. */
  readonly checkpoints: readonly Checkpoint[];
}

const WINDOW = /^(.+)\/\d{4}h[12](?:-[1-9]\d*)?$/u;

/** Places every leaf in the log, binds sequels to the request and statements to the manifest that governs them. */
export function proveCase(evidence: Evidence, trust: TrustAnchors): Result<ProvenCase, Refusal> {
  const checkpoints = new Map<string, Checkpoint>();
  const manifests = proveManifests(evidence, trust, checkpoints);
  if (!manifests.ok) return manifests;
  const statements = proveStatements(evidence, trust, manifests.value, checkpoints);
  if (!statements.ok) return statements;
  const [requested, ...sequels] = statements.value;
  if (requested?.statement.type !== 'exchange.requested') return refuse(at('statement-malformed', 'statements[0]'));
  const stranger = sequels.findIndex((sequel) => !isSequel(sequel.statement, requested.statement));
  if (stranger >= 0) return refuse(at('statement-not-a-sequel', `statements[${stranger + 1}]`));
  // A manifest that governs nothing here would be a part of the file that means nothing.
  if (!manifests.value.every((manifest) => statements.value.some((entry) => entry.governing === manifest)))
    return refuse(at('manifest-order', 'manifests'));
  if (!areInOrder(manifests.value, statements.value)) return refuse(at('manifest-order', 'manifests'));
  const all = [...checkpoints.values()];
  if (!areWindowsOfOneLog(all)) return refuse(at('log-forked', 'proofs'));
  return ok({ statements: [requested, ...sequels], manifests: manifests.value, checkpoints: all });
}

function proveManifests(
  evidence: Evidence,
  trust: TrustAnchors,
  checkpoints: Map<string, Checkpoint>,
): Result<ProvenManifest[], Refusal> {
  const manifests: ProvenManifest[] = [];
  for (const [position, { index, jws, proof, digests }] of evidence.manifests.entries()) {
    const where = `manifests[${position}]`;
    const statement = parseStatement(jws);
    if (statement?.type !== 'registry.manifest') return refuse(at('manifest-malformed', where));
    if (statement.fields.doc !== `h0:${toBase64Url(sha256(digests))}`) return refuse(at('manifest-digests', where));
    const proven = proveLeaf(jws, proof, trust, where);
    if (!proven.ok) return proven;
    const { checkpoint } = proven.value;
    const log = checkpoint.origin;
    const before = manifests.findLast((manifest) => manifest.log === log);
    if (proven.value.index !== index || index <= (before?.index ?? -1)) return refuse(at('manifest-order', where));
    checkpoints.set(checkpoint.note, checkpoint);
    manifests.push({ statement, log, index, digests });
  }
  return ok(manifests);
}

function proveStatements(
  evidence: Evidence,
  trust: TrustAnchors,
  manifests: readonly ProvenManifest[],
  checkpoints: Map<string, Checkpoint>,
): Result<ProvenStatement[], Refusal> {
  const statements: ProvenStatement[] = [];
  for (const [position, { jws, proof, governing }] of evidence.statements.entries()) {
    const where = `statements[${position}]`;
    const statement = parseStatement(jws);
    if (statement === undefined) return refuse(at('statement-malformed', where));
    const proven = proveLeaf(jws, proof, trust, where);
    if (!proven.ok) return proven;
    const { index, checkpoint } = proven.value;
    checkpoints.set(checkpoint.note, checkpoint);
    const log = checkpoint.origin;
    // The last manifest before the statement's own index in the same log governs it (`statements.md` §2): of those here,
    // exactly that.
    const manifest = manifests.findLast((candidate) => candidate.log === log && candidate.index < index);
    if (manifest === undefined || manifest !== manifests[governing]) return refuse(at('manifest-governing', where));
    statements.push({ statement, log, index, governing: manifest });
  }
  return ok(statements);
}

/** Manifests stand by log, logs as the statements bring them up: one order, so that one case has one spelling. */
function areInOrder(manifests: readonly ProvenManifest[], statements: readonly ProvenStatement[]): boolean {
  const logs = [...new Set(statements.map(({ log }) => log))];
  const sorted = logs.flatMap((log) => manifests.filter((manifest) => manifest.log === log));
  return manifests.every((manifest, position) => manifest === sorted[position]);
}

/**
 * All leaves in one log or on both sides of a border between two windows of one shard (`audit-log.md` §3.7); and no two
 * trees of one size and origin: that would be two logs under one name.
 */
function areWindowsOfOneLog(checkpoints: readonly Checkpoint[]): boolean {
  const roots = new Map<string, Buffer>();
  for (const { origin, size, root } of checkpoints) {
    const known = roots.get(`${origin} ${size}`);
    if (known?.equals(root) === false) return false;
    roots.set(`${origin} ${size}`, root);
  }
  const origins = [...new Set(checkpoints.map(({ origin }) => origin))];
  if (origins.length < 2) return true;
  const [shard, ...others] = origins.map((origin) => WINDOW.exec(origin)?.[1]);
  return origins.length === 2 && shard !== undefined && others.every((other) => other === shard);
}
