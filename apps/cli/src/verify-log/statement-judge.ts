import { isSignedBy, parseJws, type PublicKey } from '../verify/jws.js';
import { CaseBook } from './case-book.js';
import type { Findings } from './findings.js';
import { keyName, nextLaw, type Law, type LawFiles, type LawKey } from './law.js';
import { readStatement, slotOf, type LoggedStatement, type Role, type Slot } from './statement.js';

/** A signature to check, by the key that the law at its place names. */
export interface SignatureJob {
  readonly index: number;
  readonly jws: string;
  readonly key: LawKey;
}

/** Who wants to see what is judged, as it is judged. Signatures are still to be checked then. */
export interface LogObserver {
  statement(index: number, statement: LoggedStatement, signer: string): void;
  /** A snapshot comes into force with the manifest at that index. */
  law(index: number, law: Law): void;
}

export interface JudgeOptions {
  /** From `trust.json`. */
  readonly registry: readonly PublicKey[];
  readonly files: LawFiles;
  readonly findings: Findings;
  /** Where a verification goes on. */
  readonly law?: Law | undefined;
  readonly laws?: readonly { readonly number: number; readonly doc: string }[] | undefined;
  readonly book?: CaseBook | undefined;
  /** The log was closed with that many leaves; 0 or absent: it is open, as far as it was judged. */
  readonly closedAt?: number | undefined;
  readonly observer?: LogObserver | undefined;
}

interface Party {
  readonly slot: Slot;
  readonly signer: string;
  readonly key: LawKey;
}

/**
 * Judges leaves in the order of the log by `statements.md` §2: each by the snapshot of the last manifest before its own
 * index, whatever time it claims. Signatures are left to threads; everything else is decided here.
 */
export class StatementJudge {
  /** In force for the next leaf; undefined before the first manifest. */
  law: Law | undefined;
  readonly book: CaseBook;
  readonly types = new Map<string, number>();
  /** Every snapshot that was in force, in order. */
  readonly laws: { readonly number: number; readonly doc: string }[];
  /** The first leaf of a log that follows another. It is judged by the manifest behind it, which goes on in it. */
  opened: LoggedStatement | undefined;
  /** Leaves with which the log was closed; 0: it is open. */
  closedAt: number;
  /**
   * The newest snapshot that a change of the registry has announced. Undefined before the first such leaf: without
   * officers nothing is announced, and what was before this verification began is not known.
   */
  private announced: number | undefined;
  /** Vkey of the log that follows. */
  successor = '';

  constructor(private readonly options: JudgeOptions) {
    this.closedAt = options.closedAt ?? 0;
    this.law = options.law;
    this.laws = [...(options.laws ?? [])];
    this.book = options.book ?? new CaseBook();
  }

  /** The next leaf. Returns the signature that is left to check, if there is one. */
  async take(index: number, bytes: Buffer): Promise<SignatureJob | undefined> {
    const { findings } = this.options;
    const where = `leaf ${index}`;
    const read = readStatement(bytes);
    if (!read.ok) {
      findings.add(this.law === undefined ? 'first-leaf' : read.reason, where);
      return undefined;
    }
    const statement = read.value;
    const { t } = statement.fields;
    this.types.set(t, (this.types.get(t) ?? 0) + 1);
    if (this.closedAt > 0) findings.add('log-closed', where);
    if (t === 'registry.manifest') return this.takeManifest(statement, index);
    if (t === 'log.opened' && index === 0) {
      this.opened = statement;
      this.book.noteOpened();
      return undefined;
    }
    if (this.law === undefined) {
      findings.add('first-leaf', where);
      return undefined;
    }
    if (t === 'log.opened') findings.add('border', where);
    if (t === 'log.closed') this.close(statement, index);
    return this.judge(statement, index, this.law);
  }

  /** Whether the next leaf can be judged: by a law, or because it must be the manifest that brings one. */
  canGoOn(index: number): boolean {
    return this.law !== undefined || (this.opened !== undefined && index === 0);
  }

  private close({ fields }: LoggedStatement, index: number): void {
    if (fields.n !== index + 1) this.options.findings.add('border', `leaf ${index}`);
    this.closedAt = index + 1;
    this.successor = fields.ref;
  }

  private judge(statement: LoggedStatement, index: number, law: Law): SignatureJob | undefined {
    const { findings } = this.options;
    const where = `leaf ${index}`;
    const party = partyOf(statement, law);
    if (party === undefined) {
      findings.add('statement-signer', where);
      return undefined;
    }
    if (!this.book.take(statement, party.slot, party.signer)) findings.add('slot-taken', where);
    else if (party.slot.startsWith('s') && !this.book.noteStep(statement, party.signer))
      findings.add('case-chain', where);
    this.book.follow(statement, index);
    this.noteChange(statement, where);
    this.options.observer?.statement(index, statement, party.signer);
    if (statement.fields.t === 'exchange.conflict' && !this.book.noteConflict(statement, index))
      findings.add('conflict-false', where);
    return { index, jws: statement.jws, key: party.key };
  }

  /** Officers decide about one snapshot after the other: none may be left out, nor come by itself. */
  private noteChange({ fields: { t, snap = 0, n } }: LoggedStatement, where: string): void {
    if (t !== 'registry.changed' && t !== 'registry.suspended') return;
    this.demandAnnounced(snap, where);
    this.announced = Math.max(this.announced ?? 0, n);
  }

  private demandAnnounced(number: number, where: string): void {
    if (this.announced !== undefined && number > this.announced) this.options.findings.add('change-unannounced', where);
  }

  /** A manifest that is not sound changes nothing: what follows is judged by the one before. */
  private async takeManifest(statement: LoggedStatement, index: number): Promise<SignatureJob | undefined> {
    const { findings, files, registry, observer } = this.options;
    const where = `leaf ${index}`;
    const parsed = parseJws(statement.jws, 'kerege-statement+jwt');
    const isRegistrys = registry.some((key) => parsed !== undefined && isSignedBy(parsed, key));
    if (!isRegistrys) {
      findings.add('manifest-signature', where);
      return undefined;
    }
    if (!this.book.take(statement, '-', 'registry')) findings.add('slot-taken', where);
    // The one that goes on from the log before names a manifest of that one.
    const isGoingOn = this.opened !== undefined && index === 1;
    const facts = isGoingOn ? { ...statement, fields: { ...statement.fields, prev: undefined } } : statement;
    const next = await nextLaw(facts, this.law, files);
    if (!next.ok) {
      findings.add(next.reason, where);
      return undefined;
    }
    const { number, doc } = next.value;
    const isNew = number !== this.law?.number;
    this.law = next.value;
    if (!isNew) return undefined;
    this.demandAnnounced(number, where);
    this.laws.push({ number, doc });
    observer?.law(index, this.law);
    return isGoingOn && this.opened !== undefined ? this.judge(this.opened, 0, this.law) : undefined;
  }
}

/** Whose key it is, of those who may sign such a statement; the first that fits, as intake has it. */
function partyOf(statement: LoggedStatement, law: Law): Party | undefined {
  const { from, to, ref } = statement.fields;
  const owners: [Role, readonly string[]][] = [
    ['from', [from]],
    ['to', [to]],
    ['audit', law.audits],
    ['registry', law.registries],
    // A gateway speaks of itself only: its statement names it.
    ['gateway', law.gateways.filter((id) => id === ref)],
    ['feedback', law.feedbacks],
  ];
  for (const [role, ids] of owners) {
    const slot = slotOf(statement, role);
    if (slot === undefined) continue;
    for (const signer of ids) {
      const key = law.keys.get(keyName(signer, statement.kid));
      if (key?.alg === statement.alg && key.fromMs <= law.atMs && law.atMs < key.untilMs) return { slot, signer, key };
    }
  }
  return undefined;
}
