import { slotFor, type SignerRole, type StatementPayload } from '#signing';
import { MAX_ENTRY_BYTES } from '#tlog';
import type { KeyOwners } from './key-owners.js';

/** The columns of a leaf that say again what its statement says, so that it is found. */
export interface LeafColumns {
  readonly xid: Buffer;
  readonly slot: string;
  readonly signer: string;
}

export interface ReadStatement {
  readonly kid: string;
  readonly payload: StatementPayload;
}

/** Key ids by encoded header: every statement of one key carries the same 100 bytes. */
export type HeaderCache = Map<string, string>;
const MAX_HEADERS = 4_096;
/** As the law wants ids: in small letters. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Header and payload of a leaf, or undefined if it is no statement. Only what the columns are compared with is read:
 * that the form is right was checked before the leaf was taken in, and its hash says that it is still the same.
 */
export function readStatement(body: Buffer, headers: HeaderCache): ReadStatement | undefined {
  if (body.length > MAX_ENTRY_BYTES) return undefined;
  const text = body.toString('latin1');
  const first = text.indexOf('.');
  const second = text.indexOf('.', first + 1);
  if (first <= 0 || second < 0) return undefined;
  try {
    const kid = kidOf(text.slice(0, first), headers);
    const payload: unknown = JSON.parse(decoded(text.slice(first + 1, second)));
    return kid !== undefined && isPayload(payload) ? { kid, payload } : undefined;
  } catch {
    // Not JSON: no statement, which is the answer.
    return undefined;
  }
}

/**
 * Whether the columns are those that intake derives (`statements.md` §2): the id, and a slot and signer that belong to
 * one role in which the statement can have been signed, with a key that the registry has published for that signer.
 */
export function agrees(
  { xid, slot, signer }: LeafColumns,
  { kid, payload }: ReadStatement,
  owners: KeyOwners,
): boolean {
  if (xid.toString('hex') !== payload.id.replaceAll('-', '')) return false;
  return ROLES.some(
    (role) =>
      slotFor(payload, role) === slot && isSigner(role, signer, payload, owners) && isKey(role, signer, kid, owners),
  );
}

const ROLES: readonly SignerRole[] = ['from', 'to', 'audit', 'registry', 'gateway', 'feedback'];

function isSigner(role: SignerRole, signer: string, payload: StatementPayload, owners: KeyOwners): boolean {
  return role === 'from' || role === 'to' ? payload[role] === signer : owners.isInstance(role, signer);
}

/** The registry's key stands in `trust.json`, not in what it signs. */
function isKey(role: SignerRole, signer: string, kid: string, owners: KeyOwners): boolean {
  return role === 'registry' || owners.has(signer, kid);
}

function kidOf(encoded: string, headers: HeaderCache): string | undefined {
  const known = headers.get(encoded);
  if (known !== undefined) return known;
  const header: unknown = JSON.parse(decoded(encoded));
  const kid: unknown = typeof header === 'object' && header !== null ? Reflect.get(header, 'kid') : undefined;
  if (typeof kid !== 'string') return undefined;
  if (headers.size < MAX_HEADERS) headers.set(encoded, kid);
  return kid;
}

/** Where base64url is decoded into, as long as the longest entry: one for all calls, which never overlap. */
const scratch = Buffer.alloc(MAX_ENTRY_BYTES);

function decoded(encoded: string): string {
  return scratch.toString('utf8', 0, scratch.write(encoded, 'base64url'));
}

/** An altered payload must be a finding, and never an exception that ends the pass. */
function isPayload(payload: unknown): payload is StatementPayload {
  return (
    typeof payload === 'object' &&
    payload !== null &&
    't' in payload &&
    'id' in payload &&
    typeof payload.id === 'string' &&
    UUID.test(payload.id)
  );
}
