import { ok, refuse, type Result } from '#kernel';
import { ED25519_COSIGNATURE, ED25519_NOTE } from './hashing.js';
import {
  openNote,
  parseVkey,
  type Checkpoint,
  type Ed25519Verify,
  type NoteKey,
  type NoteReason,
} from './open-note.js';

/** C2SP tlog-policy (`audit-log.md` §2.8): which logs are believed, and whose cosignatures are enough. */

export interface WitnessEntry {
  /** Of this file only; the name in cosignature lines is the key's. */
  readonly name: string;
  readonly key: NoteKey;
  readonly vkey: string;
  /** Prefix of `add-checkpoint`; absent where nobody has to ask this witness. */
  readonly url?: string;
}

export interface WitnessPolicy {
  readonly logs: readonly { readonly key: NoteKey; readonly url?: string }[];
  readonly witnesses: readonly WitnessEntry[];
  /** Whether these witnesses, by their names in this file, are enough. */
  readonly isEnough: (names: ReadonlySet<string>) => boolean;
}

export interface PolicyProblem {
  /** 1 is the first; 0: the file as a whole. */
  readonly line: number;
  readonly problem: string;
}

type Met = (names: ReadonlySet<string>) => boolean;

interface Draft {
  readonly logs: { key: NoteKey; url?: string }[];
  readonly witnesses: WitnessEntry[];
  /** Witnesses and groups by name; a line may name only what stands above it, so there are no circles. */
  readonly rules: Map<string, Met>;
  readonly ed25519: Ed25519Verify | undefined;
  quorum: Met | undefined;
}

type LineReader = (draft: Draft, words: readonly string[]) => string | undefined;

const MAX_LINES = 1_000;
const NONE = 'none';

const READERS: Readonly<Record<string, LineReader>> = {
  log: readLog,
  witness: readWitness,
  group: readGroup,
  quorum: readQuorum,
};

/** Parses a policy file; one bad line refuses the whole, since a rule that is passed over would be a weaker one. */
export function parsePolicy(text: string, ed25519?: Ed25519Verify): Result<WitnessPolicy, PolicyProblem> {
  const draft: Draft = { logs: [], witnesses: [], rules: new Map(), ed25519, quorum: undefined };
  const lines = text.split('\n');
  if (lines.length > MAX_LINES) return refuse({ line: 0, problem: 'has too many lines' });
  for (const [at, line] of lines.entries()) {
    const [keyword, ...words] = line.split(/[ \t]+/u).filter((word) => word !== '');
    if (keyword === undefined || keyword.startsWith('#')) continue;
    const read = Object.hasOwn(READERS, keyword) ? READERS[keyword] : undefined;
    const problem = read === undefined ? 'begins with no known word' : read(draft, words);
    if (problem !== undefined) return refuse({ line: at + 1, problem });
  }
  const { logs, witnesses, quorum } = draft;
  return quorum === undefined
    ? refuse({ line: 0, problem: 'has no quorum line' })
    : ok({ logs, witnesses, isEnough: quorum });
}

/** Whether the witnesses that signed a checkpoint are enough. */
export function isQuorum({ witnesses, isEnough }: WitnessPolicy, signers: readonly NoteKey[]): boolean {
  const present = witnesses.filter(({ key }) =>
    signers.some((signer) => signer.name === key.name && signer.keyId.equals(key.keyId)),
  );
  return isEnough(new Set(present.map(({ name }) => name)));
}

/** A checkpoint whose log signature and known cosignatures are all good, and whether those are enough. */
export interface Witnessed {
  readonly checkpoint: Checkpoint;
  readonly isWitnessed: boolean;
}

/** Opens a checkpoint by the policy's own logs and witnesses. */
export function openWitnessed(note: string | Uint8Array, policy: WitnessPolicy): Result<Witnessed, NoteReason> {
  const keys = [...policy.logs, ...policy.witnesses].map(({ key }) => key);
  const opened = openNote(note, keys);
  if (!opened.ok) return opened;
  return ok({ checkpoint: opened.value, isWitnessed: isQuorum(policy, opened.value.signers) });
}

function readLog({ logs, ed25519 }: Draft, [vkey, url, ...rest]: readonly string[]): string | undefined {
  const key = keyOf(vkey, ED25519_NOTE, ed25519);
  if (key === undefined || rest.length > 0) return 'is not: log <vkey> [<url>]';
  if (url !== undefined && !isHttpUrl(url)) return 'names no http(s) URL';
  logs.push(url === undefined ? { key } : { key, url });
  return undefined;
}

function readWitness(draft: Draft, [name, vkey, url, ...rest]: readonly string[]): string | undefined {
  const key = keyOf(vkey, ED25519_COSIGNATURE, draft.ed25519);
  if (name === undefined || vkey === undefined || key === undefined || rest.length > 0)
    return 'is not: witness <name> <vkey of type 4> [<url>]';
  if (url !== undefined && !isHttpUrl(url)) return 'names no http(s) URL';
  const isKnown = draft.witnesses.some((other) => other.key.publicKey.equals(key.publicKey));
  // One witness under two names would be counted twice.
  if (isKnown) return 'repeats the key of another witness';
  draft.witnesses.push({ name, key, vkey, ...(url === undefined ? {} : { url }) });
  return define(draft, name, (names) => names.has(name));
}

function readGroup(draft: Draft, [name, threshold, ...members]: readonly string[]): string | undefined {
  if (name === undefined || threshold === undefined || members.length === 0)
    return 'is not: group <name> <k|any|all> <member>…';
  if (new Set(members).size < members.length) return 'names a member twice';
  const rules = members.map((member) => draft.rules.get(member)).filter((rule) => rule !== undefined);
  if (rules.length < members.length) return 'names a member that no line above defines';
  const needed = threshold === 'any' ? 1 : threshold === 'all' ? members.length : countOf(threshold);
  if (needed === undefined || needed > members.length) return 'has a threshold that its members cannot meet';
  return define(draft, name, (names) => rules.filter((rule) => rule(names)).length >= needed);
}

function readQuorum(draft: Draft, [name, ...rest]: readonly string[]): string | undefined {
  if (draft.quorum !== undefined) return 'is a second quorum line';
  const rule = name === NONE ? () => true : draft.rules.get(name ?? '');
  if (rule === undefined || rest.length > 0) return 'names no witness or group of a line above';
  draft.quorum = rule;
  return undefined;
}

function define({ rules }: Draft, name: string, rule: Met): string | undefined {
  if (name === NONE || rules.has(name)) return 'defines a name that is taken';
  rules.set(name, rule);
  return undefined;
}

function keyOf(vkey: string | undefined, type: number, ed25519: Ed25519Verify | undefined): NoteKey | undefined {
  const parsed = vkey === undefined ? undefined : parseVkey(vkey, ed25519);
  return parsed?.ok === true && parsed.value.type === type ? parsed.value : undefined;
}

function countOf(text: string): number | undefined {
  return /^[1-9][0-9]{0,3}$/u.test(text) ? Number(text) : undefined;
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/u.test(new URL(text).protocol);
}
