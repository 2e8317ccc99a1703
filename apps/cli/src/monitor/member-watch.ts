import { fromBase64Url, toBase64Url } from '#kernel';
import { KeyTable, type Law, type LoggedStatement, type LogObserver } from '../verify-log/index.js';

/** What a member is woken for: each with what it means and what to do. */
const ALARMS = {
  'published-key-not-ours':
    'a key in your name that you did not make is in force: have it revoked, and ask the registry who approved it',
  'leaf-key-not-ours':
    'a statement in your name is signed by a key that you did not make: dispute it, and have the key revoked',
  'leaf-not-ours':
    'a statement in your name, by your key, that your gateway or connector did not make: the key is in other hands',
  'own-missing': 'a statement of yours is not in the log: stamp it again, and ask the operator for its receipt',
  'document-not-ours': 'the member document in force is not the one that you signed last: ask the registry',
  'document-missing': 'the registry’s snapshot does not hold your member: ask the registry',
  'log-not-verified': 'the log does not verify: keep its checkpoint, and tell the auditors',
} as const;

export type AlarmCode = keyof typeof ALARMS;

export interface Alarm {
  readonly alarm: AlarmCode;
  /** A leaf, a key's thumbprint, or a finding. */
  readonly where: string;
}

export function explainAlarm({ alarm, where }: Alarm): string {
  return `${alarm} at ${where}: ${ALARMS[alarm]}`;
}

export interface WatchOptions {
  readonly subsystem: string;
  /** Thumbprints of its own keys. */
  readonly ownKeys: ReadonlySet<string>;
  /** Leaf hashes (base64url) of its own statements; undefined: keys alone decide. */
  readonly own?: ReadonlySet<string> | undefined;
  /** Its own member document; undefined: not watched. */
  readonly document?: string | undefined;
}

/** Sees every leaf and every snapshot once, in order, and says what in them is not the member's. */
export class MemberWatch implements LogObserver {
  private alarms: Alarm[] = [];
  /** Own leaves that stand in the log: 24 bytes each or so, for as long as the monitor runs. */
  private readonly standing = new KeyTable(false);
  /** Own statements that were missing before; alarmed once. */
  private readonly missing = new Set<string>();
  private readonly member: string;
  /** First leaf that was not seen yet: after a look that was cut off, some come again. */
  private next = 0;

  constructor(private options: WatchOptions) {
    this.member = options.subsystem.split('/').slice(0, 3).join('/');
  }

  /** The list of own statements as it is now; it grows while the monitor runs. */
  expect(own: ReadonlySet<string> | undefined): void {
    this.options = { ...this.options, own };
  }

  statement(index: number, statement: LoggedStatement, signer: string): void {
    const { subsystem, ownKeys, own } = this.options;
    if (!this.isNew(index) || signer !== subsystem) return;
    const hash = fromBase64Url(statement.leaf);
    if (hash !== undefined) this.standing.add(hash);
    if (!ownKeys.has(statement.kid)) this.alarms.push({ alarm: 'leaf-key-not-ours', where: `leaf ${index}` });
    else if (own?.has(statement.leaf) === false) this.alarms.push({ alarm: 'leaf-not-ours', where: `leaf ${index}` });
  }

  law(index: number, law: Law): void {
    const { subsystem, ownKeys, document } = this.options;
    if (!this.isNew(index)) return;
    for (const kid of law.published.get(subsystem) ?? [])
      if (!ownKeys.has(kid)) this.alarms.push({ alarm: 'published-key-not-ours', where: `leaf ${index}, key ${kid}` });
    const published = law.documents.get(this.member);
    if (published === undefined) this.alarms.push({ alarm: 'document-missing', where: `leaf ${index}` });
    else if (document !== undefined && published !== document)
      this.alarms.push({ alarm: 'document-not-ours', where: `leaf ${index}` });
  }

  private isNew(index: number): boolean {
    if (index < this.next) return false;
    this.next = index + 1;
    return true;
  }

  /** Everything since the last time, with own statements that the log, read to its end, does not hold. */
  take(isEnd: boolean): Alarm[] {
    if (isEnd)
      for (const leaf of this.options.own ?? []) {
        const hash = fromBase64Url(leaf);
        if (hash === undefined || this.standing.has(hash) || this.missing.has(leaf)) continue;
        this.alarms.push({ alarm: 'own-missing', where: `statement ${leaf}` });
        this.missing.add(leaf);
      }
    const { alarms } = this;
    this.alarms = [];
    return alarms;
  }
}

/** Leaf hashes of a file, one a line; undefined if a line is none. */
export function parseOwn(text: string): ReadonlySet<string> | undefined {
  const own = new Set<string>();
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const leaf = leafOf(line.trim());
    if (leaf === undefined) return undefined;
    own.add(leaf);
  }
  return own;
}

function leafOf(line: string): string | undefined {
  if (line.startsWith('{')) {
    try {
      const leaf: unknown = Reflect.get(JSON.parse(line) as object, 'leaf');
      return typeof leaf === 'string' ? leafOf(leaf) : undefined;
    } catch {
      // No JSON: no leaf hash.
      return undefined;
    }
  }
  if (/^[0-9a-f]{64}$/u.test(line)) return toBase64Url(Buffer.from(line, 'hex'));
  return fromBase64Url(line)?.length === 32 ? line : undefined;
}
