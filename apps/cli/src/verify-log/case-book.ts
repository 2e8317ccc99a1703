import { fromBase64Url, sha256 } from '#kernel';
import { KeyTable } from './key-table.js';
import type { LoggedStatement, Slot } from './statement.js';

/** At most so many indices of each kind are listed; all are counted. */
const LISTED = 100;

export interface Listed {
  readonly count: number;
  /** Indices of the first ones. */
  readonly first: readonly number[];
}

/** What the table of exchanges says of one: its index and this, in one number. */
const REQUESTED = 1;
const FOLLOWED = 2;
const WAITING = 3;
const STATES = 4;
/** A key among the slots: the log follows another. */
const OPENED = sha256('log.opened');
/** Bits of a UUIDv8 that are its maker's, where not all of a byte are. */
const ID_BITS: Readonly<Record<number, number>> = { 6: 0x0f, 8: 0x3f };

/**
 * Which slots are taken, by which steps of a case, and which requests have a sequel (`statements.md` §2), over the whole
 * log. Keys are 128 bits of
 * SHA-256: a collision, were there one, would be a false alarm and no miss.
 */
export class CaseBook {
  /** Conflicts that audit stated; a few in the life of a log. */
  private readonly conflicts: number[] = [];
  private conflictCount = 0;

  constructor(
    private readonly slots = new KeyTable(false),
    private readonly exchanges = new KeyTable(true),
  ) {}

  get bytes(): number {
    return this.slots.bytes + this.exchanges.bytes;
  }

  /** For a verification that may end half-way: what it goes on from stays as it was. */
  copy(): CaseBook {
    return new CaseBook(this.slots.copy(), this.exchanges.copy());
  }

  dump(): { readonly slots: Buffer; readonly exchanges: Buffer } {
    return { slots: this.slots.dump(), exchanges: this.exchanges.dump() };
  }

  /** False if that slot of that signer is taken already; a case has one leaf of each number, whoever signed it. */
  take({ fields }: LoggedStatement, slot: Slot, signer: string): boolean {
    return this.slots.add(sha256(`${fields.id} ${slot}${slot.startsWith('s') ? '' : ` ${signer}`}`));
  }

  /** From the first leaf on, in a log that goes on from another: a case may have begun there. */
  noteOpened(): void {
    this.slots.add(OPENED);
  }

  /**
   * Notes the step that took a slot `s<seq>`, and says whether it may follow the one before (`statements.md` §2): it names
   * that leaf, and is between its parties unless feedback made it. The first step of a case follows nothing; the first
   * one in this log of a case that began in the log before names a leaf that is not here, and is not checked against that. A step that may
   * not follow stands all the same, for the next one to name.
   */
  noteStep({ fields, leaf }: LoggedStatement, signer: string): boolean {
    const { id, seq, prev, from, to } = fields;
    const isNew = this.slots.add(sha256(`${id} case`));
    this.slots.add(sha256(`${id} ${seq} ${leaf}`));
    this.slots.add(sha256(`${id} ${seq} ${leaf} ${from} ${to}`));
    if (seq === 1) return true;
    if (isNew) return this.slots.has(OPENED);
    const before = `${id} ${seq - 1} ${prev ?? ''}`;
    return this.slots.has(sha256(signer === from || signer === to ? `${before} ${from} ${to}` : before));
  }

  /** Ties sequels to requests, whichever of the two comes first in the log. */
  follow({ fields, leaf }: LoggedStatement, index: number): void {
    if (fields.t === 'exchange.requested') {
      const key = exchangeKey(leaf, fields);
      const state = (this.exchanges.get(key) ?? 0) % STATES;
      this.exchanges.set(key, index * STATES + (state === WAITING || state === FOLLOWED ? FOLLOWED : REQUESTED));
    } else if (fields.t.startsWith('exchange.') && fields.prev !== undefined) {
      const key = exchangeKey(fields.prev, fields);
      const standing = this.exchanges.get(key);
      if (standing === undefined) this.exchanges.set(key, index * STATES + WAITING);
      else if (standing % STATES === REQUESTED) this.exchanges.set(key, standing - REQUESTED + FOLLOWED);
    }
  }

  /**
   * Whether a conflict's id is made from the statement that it accuses, as its own rule has it. The second story itself
   * is not in the log.
   */
  noteConflict({ fields }: LoggedStatement, index: number): boolean {
    this.conflictCount += 1;
    if (this.conflicts.length < LISTED) this.conflicts.push(index);
    const digest = fields.doc.startsWith('h0:') ? fromBase64Url(fields.doc.slice(3)) : undefined;
    if (digest === undefined) return false;
    const id = Buffer.from(fields.id.replaceAll('-', ''), 'hex');
    // RFC 9562 §5.8: all but version and variant are the digest's.
    return id.every((byte, at) => ((byte ^ (digest[at] ?? 0)) & (ID_BITS[at] ?? 0xff)) === 0);
  }

  conflictList(): Listed {
    return { count: this.conflictCount, first: this.conflicts };
  }

  /** Requests that nothing in the log follows. */
  unfollowed(): Listed {
    return this.collect(REQUESTED);
  }

  /** Sequels that count for no request in the log: another leaf, or other parties. */
  astray(): Listed {
    return this.collect(WAITING);
  }

  private collect(state: number): Listed {
    const first: number[] = [];
    let found = 0;
    for (const value of this.exchanges.allValues()) {
      if (value % STATES !== state) continue;
      found += 1;
      if (first.length < LISTED) first.push(Math.floor(value / STATES));
    }
    return { count: found, first: first.sort((a, b) => a - b) };
  }
}

/** Equal only if leaf and parties are: so a look-up by id alone decides nothing. */
function exchangeKey(leaf: string, { id, from, to, svc }: LoggedStatement['fields']): Buffer {
  return sha256(`${leaf} ${id} ${from} ${to} ${svc}`);
}
