import { ok, refuse, sha256, toBase64Url, toHex, type Result } from '#kernel';
import { importKey } from '../verify/jws.js';
import { memberDigest, newestKey, readMember, type Member } from '../verify/member.js';
import { asRecord, count, list, object, parseJson, text } from '../verify/shape.js';
import type { Fields } from './statement.js';

/** A key that its owner published, as the snapshot in force has it. */
export interface LawKey {
  readonly kid: string;
  readonly alg: 'EdDSA' | 'ES256';
  readonly x: string;
  readonly y: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** A member's entry that was believed. */
interface KnownMember {
  readonly digest: string;
  readonly keyChain: readonly string[];
  readonly member: Member;
}

/** What the last manifest put in force (`statements.md` §2, validity). */
export interface Law {
  readonly number: number;
  readonly doc: string;
  /** Leaf hash of the last manifest, base64url. */
  readonly manifest: string;
  /** The manifest's own time: against it a key's period is held. */
  readonly atMs: number;
  /** By owner and thumbprint. */
  readonly keys: ReadonlyMap<string, LawKey>;
  /** Instances that are audit services. */
  readonly audits: readonly string[];
  /** Instances that are registries. */
  readonly registries: readonly string[];
  /** Instances that are gateways. */
  readonly gateways: readonly string[];
  /** Instances that are feedback. */
  readonly feedbacks: readonly string[];
  readonly known: ReadonlyMap<string, KnownMember>;
  /** Thumbprints of all keys in an owner's name, whatever their use. */
  readonly published: ReadonlyMap<string, readonly string[]>;
  /** Each member's document as the snapshot has it, believed or not. */
  readonly documents: ReadonlyMap<string, string>;
}

export type LawProblem =
  | 'manifest-number'
  | 'manifest-chain'
  | 'digests-missing'
  | 'digests-content'
  | 'snapshot-missing'
  | 'snapshot-content';

/** Files that lie beside the log: the digest list by the snapshot's number, the snapshot by its digest. */
export interface LawFiles {
  digests(number: number): Promise<Buffer | undefined>;
  snapshot(digest: string): Promise<Buffer | undefined>;
}

/** A manifest as far as the law looks at it. */
export interface ManifestFacts {
  readonly leaf: string;
  readonly fields: Pick<Fields, 'n' | 'doc' | 'prev' | 'ts'>;
}

const memberEntry = object({ id: text(), document: text(), keyChain: list(text(), 1) });

export function keyName(owner: string, kid: string): string {
  return `${owner} ${kid}`;
}

/**
 * The law that a manifest brings after the one before: numbers never go back, one number has one content, each manifest
 * names the one before. Its signature is checked by whoever knows the registry's key.
 */
export async function nextLaw(
  { fields, leaf }: ManifestFacts,
  before: Law | undefined,
  files: LawFiles,
): Promise<Result<Law, LawProblem>> {
  const { n, doc, prev, ts } = fields;
  if (prev !== before?.manifest) return refuse('manifest-chain');
  if (before !== undefined && goesBack(fields, before)) return refuse('manifest-number');
  const renewed = { manifest: leaf, atMs: ts };
  if (before?.number === n) return ok({ ...before, ...renewed });
  const snapshot = await namedSnapshot(n, doc, files);
  if (!snapshot.ok) return snapshot;
  const content = readSnapshot(snapshot.value, n, before?.known ?? new Map<string, KnownMember>());
  return content === undefined ? refuse('snapshot-content') : ok({ ...content, number: n, doc, ...renewed });
}

function goesBack({ n, doc }: ManifestFacts['fields'], before: Law): boolean {
  return n < before.number || (n === before.number && doc !== before.doc);
}

/** The law at a place that was verified before, from the numbers that were in force until then; undefined: gone. */
export async function lawAgain(
  laws: readonly { readonly number: number; readonly doc: string }[],
  manifest: string,
  atMs: number,
  files: LawFiles,
): Promise<Result<Law, LawProblem>> {
  let law: Law | undefined;
  for (const { number: n, doc } of laws) {
    const next: Result<Law, LawProblem> = await nextLaw(
      { leaf: manifest, fields: { n, doc, prev: law?.manifest, ts: atMs } },
      law,
      files,
    );
    if (!next.ok) return next;
    law = next.value;
  }
  return law === undefined ? refuse('manifest-chain') : ok(law);
}

/** The snapshot by the manifest's word: `doc` is the digest list, its first line the snapshot, the others the members. */
async function namedSnapshot(number: number, doc: string, files: LawFiles): Promise<Result<Buffer, LawProblem>> {
  const list = await files.digests(number);
  if (list === undefined) return refuse('digests-missing');
  if (`h0:${toBase64Url(sha256(list))}` !== doc) return refuse('digests-content');
  const [, digest] = /^snapshot ([0-9a-f]{64})\n/u.exec(list.toString('utf8')) ?? [];
  if (digest === undefined) return refuse('digests-content');
  const bytes = await files.snapshot(digest);
  if (bytes === undefined) return refuse('snapshot-missing');
  if (toHex(sha256(bytes)) !== digest) return refuse('snapshot-content');
  return digestListOf(bytes, digest) === list.toString('utf8') ? ok(bytes) : refuse('digests-content');
}

/** `bus.md` §6: lines sorted by member id, in code units. */
function digestListOf(bytes: Buffer, digest: string): string | undefined {
  const entries = entriesOf(asRecord(parseJson(bytes)?.value));
  const lines = entries
    ?.map((entry) => ({ id: entry.id, line: `${entry.id} ${memberDigest(entry)}\n` }))
    .sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
    .map(({ line }) => line);
  return lines === undefined ? undefined : `snapshot ${digest}\n${lines.join('')}`;
}

type Entry = NonNullable<ReturnType<typeof memberEntry>>;

function entriesOf(snapshot: Readonly<Record<string, unknown>> | undefined): Entry[] | undefined {
  const entries = list(memberEntry, 0, 100_000)(snapshot?.['members']);
  // Two documents of one member would count together.
  return new Set(entries?.map(({ id }) => id)).size === entries?.length ? entries : undefined;
}

function readSnapshot(
  bytes: Buffer,
  number: number,
  before: ReadonlyMap<string, KnownMember>,
):
  | Pick<Law, 'keys' | 'audits' | 'registries' | 'gateways' | 'feedbacks' | 'known' | 'published' | 'documents'>
  | undefined {
  const snapshot = asRecord(parseJson(bytes)?.value);
  const entries = entriesOf(snapshot);
  const instances = list(instanceOf)(snapshot?.['instances']);
  if (count(1)(snapshot?.['number']) !== number || entries === undefined || instances === undefined) return undefined;
  const known = new Map(before);
  const keys = new Map<string, LawKey>();
  const published = new Map<string, string[]>();
  for (const entry of entries) {
    const believed = believe(entry, before.get(entry.id));
    if (believed === undefined) continue;
    known.set(entry.id, believed);
    for (const { id, keys: ofOwner } of ownersOf(believed.member, instances)) {
      published.set(id, [...(published.get(id) ?? []), ...ofOwner.map(({ kid }) => kid)]);
      for (const key of ofOwner) addKey(keys, id, key);
    }
  }
  const instancesOf = (wanted: string) => instances.filter(({ kind }) => kind === wanted).map(({ id }) => id);
  const audits = instancesOf('audit');
  const registries = instancesOf('registry');
  const gateways = instancesOf('gateway');
  const feedbacks = instancesOf('feedback');
  const documents = new Map(entries.map(({ id, document }) => [id, document]));
  return { keys, audits, registries, gateways, feedbacks, known, published, documents };
}

/** A chain that is not continued, or a document not signed, or signed earlier, leaves what was believed (`bus.md` §6). */
function believe(entry: Entry, before: KnownMember | undefined): KnownMember | undefined {
  const digest = memberDigest(entry);
  if (before?.digest === digest) return before;
  if (before?.keyChain.some((link, at) => entry.keyChain[at] !== link) === true) return before;
  const key = newestKey(entry);
  const member = key === undefined ? undefined : readMember(entry, key);
  if (member === undefined || !isSound(member) || isOlder(member, before)) return before;
  return { digest, keyChain: entry.keyChain, member };
}

function isOlder(member: Member, before: KnownMember | undefined): boolean {
  return before !== undefined && member.signedAtMs < before.member.signedAtMs;
}

/** Each signing key bears the name that its thumbprint gives it. */
function isSound({ subsystems, instances }: Member): boolean {
  return [...subsystems, ...instances]
    .flatMap((owner) => owner.keys)
    .every(({ kid, use, jwk }) => use !== 'sign' || importKey(jwk)?.kid === kid);
}

interface Instance {
  readonly id: string;
  readonly kind: string;
  readonly runBy: string;
}

function instanceOf(value: unknown): Instance | undefined {
  const fields = asRecord(value);
  const [id, kind, runBy] = [text()(fields?.['id']), text()(fields?.['kind']), text()(fields?.['runBy'])];
  return id === undefined || kind === undefined || runBy === undefined ? undefined : { id, kind, runBy };
}

/** A member speaks for its own subsystems, and for the instances that the registry says it runs. */
function ownersOf(member: Member, instances: readonly Instance[]) {
  return [
    ...member.subsystems.filter(({ id }) => id.startsWith(`${member.id}/`)),
    ...member.instances.filter(({ id }) => instances.some((entry) => entry.id === id && entry.runBy === member.id)),
  ];
}

function addKey(
  keys: Map<string, LawKey>,
  owner: string,
  published: Member['subsystems'][number]['keys'][number],
): void {
  const jwk = asRecord(published.jwk);
  const [x, y] = [text()(jwk?.['x']), text()(jwk?.['y'] ?? '')];
  if (published.use !== 'sign' || x === undefined || y === undefined) return;
  keys.set(keyName(owner, published.kid), {
    kid: published.kid,
    alg: jwk?.['crv'] === 'Ed25519' ? 'EdDSA' : 'ES256',
    x,
    y,
    fromMs: Date.parse(published.from),
    untilMs: Date.parse(published.until),
  });
}
