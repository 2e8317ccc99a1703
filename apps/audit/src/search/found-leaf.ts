import type { LeafEntry } from '../leaf-index/leaf-entry.js';
import type { Scope } from './leaf-query.js';

/** A leaf as a reader is told of it: what its statement says, and where it stands. */
export interface FoundLeaf {
  readonly index: number;
  readonly type: string;
  readonly exchange: string;
  readonly at: string;
  readonly slot: string;
  readonly signer?: string;
  readonly consumer?: string;
  readonly provider?: string;
  readonly service?: string;
  readonly endpoint?: string;
  readonly purpose?: string;
  readonly legalBasis?: string;
  readonly status?: number;
  readonly reason?: string;
  readonly side?: string;
  readonly count?: number;
  readonly ref?: string;
  /** Hex. */
  readonly leafHash?: string;
}

/** What this scope shows of a leaf. */
export function foundLeaf(entry: LeafEntry, { shows }: Scope): FoundLeaf {
  const { index, type, xid, slot, status, reason, side } = entry;
  const at = new Date(entry.atMs).toISOString();
  const state = { index, type, exchange: uuidText(xid), at, slot, ...given({ status, reason, side }) };
  if (shows === 'state') return state;
  const { signer, consumer, provider, service, endpoint, purpose, legalBasis, count, ref, hash } = entry;
  return {
    ...state,
    signer,
    leafHash: hash.toString('hex'),
    ...given({ consumer, provider, service, endpoint, purpose, legalBasis, count, ref }),
  };
}

/** Of whatever 16 bytes: intake has checked that they are a UUID's. */
export function uuidText(xid: Buffer): string {
  return xid.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

type Given<Fields> = { [Name in keyof Fields]?: NonNullable<Fields[Name]> };

function given<Fields extends object>(fields: Fields): Given<Fields> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as Given<Fields>;
}
