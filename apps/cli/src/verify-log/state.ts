import { sha256, toHex } from '#kernel';
import { constant, count, list, object, parseJson, text } from '../verify/shape.js';
import { CaseBook } from './case-book.js';
import { KeyTable } from './key-table.js';

/** What a verification leaves for the next: its own word, kept where only its owner writes. */
export interface LogState {
  readonly origin: string;
  readonly size: number;
  /** base64. */
  readonly root: string;
  /** The signed note, to be shown to others. */
  readonly note: string;
  /** Absent after `--tree-only`: then the statements are judged from the first one. */
  readonly judged?: JudgedState | undefined;
}

export interface JudgedState {
  /** Numbers of all snapshots that were in force, in order, each with the `doc` of its manifest. */
  readonly laws: readonly { readonly number: number; readonly doc: string }[];
  readonly manifest: string;
  readonly manifestAtMs: number;
  readonly book: CaseBook;
  /** Leaves with which the log was closed; 0: it is open. */
  readonly closedAt: number;
}

const header = object({
  /** 2: the tables hold the steps of cases. */
  v: constant(2),
  origin: text(),
  size: count(),
  root: text(/^[A-Za-z0-9+/]{43}=$/u),
  note: text(),
  laws: list(object({ number: count(1), doc: text() }), 0, 1_000_000),
  manifest: text(),
  manifestAtMs: count(),
  closedAt: count(),
  slotBytes: count(),
  tablesSha256: text(),
});

const NOTHING_JUDGED: Omit<JudgedState, 'book'> = { laws: [], manifest: '', manifestAtMs: 0, closedAt: 0 };

/** The state as two files: a document, and the tables that it names by digest. */
export function encodeState({ origin, size, root, note, judged }: LogState): { document: string; tables: Buffer } {
  const dumped = judged?.book.dump();
  const { laws, manifest, manifestAtMs, closedAt } = judged ?? NOTHING_JUDGED;
  const tables = Buffer.concat(dumped === undefined ? [] : [dumped.slots, dumped.exchanges]);
  const document = {
    v: 2,
    origin,
    size,
    root,
    note,
    laws,
    manifest,
    manifestAtMs,
    closedAt,
    slotBytes: dumped?.slots.length ?? 0,
    tablesSha256: toHex(sha256(tables)),
  };
  return { document: `${JSON.stringify(document, null, 1)}\n`, tables };
}

/** Undefined for anything that `encodeState` did not write, a half of it included. */
export function decodeState(document: Uint8Array, tables: Buffer): LogState | undefined {
  const fields = header(parseJson(document)?.value);
  if (fields === undefined || toHex(sha256(tables)) !== fields.tablesSha256) return undefined;
  const { origin, size, root, note, laws, manifest, manifestAtMs, closedAt, slotBytes } = fields;
  if (laws.length === 0) return { origin, size, root, note };
  const slots = KeyTable.restore(false, tables.subarray(0, slotBytes));
  const exchanges = KeyTable.restore(true, tables.subarray(slotBytes));
  if (slots === undefined || exchanges === undefined) return undefined;
  return {
    origin,
    size,
    root,
    note,
    judged: { laws, manifest, manifestAtMs, closedAt, book: new CaseBook(slots, exchanges) },
  };
}
