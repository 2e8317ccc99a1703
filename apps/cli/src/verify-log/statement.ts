import { fromBase64Url, ok, refuse, toBase64Url, type Result } from '#kernel';
import { asRecord, constant, count, list, text, type Reader } from '../verify/shape.js';
import { caseFieldsAgree } from './case-fields.js';
import { leafHash } from './hashing.js';

/** Statements as `statements.md` §1–2 has them, read independently of the code that writes them. */

/** Whose key may sign, in relation to the statement. */
export type Role = 'from' | 'to' | 'audit' | 'registry' | 'gateway' | 'feedback';
export type Slot = 'c0' | 'c1' | 'p1' | 'b1' | `s${number}` | '-';

export interface Fields {
  readonly t: string;
  readonly id: string;
  readonly ts: number;
  readonly seq: number;
  readonly was: string;
  readonly now: string;
  readonly from: string;
  readonly to: string;
  readonly svc: string;
  readonly why: string;
  readonly side: string;
  readonly prev: string | undefined;
  readonly snap?: number;
  readonly n: number;
  readonly until?: number;
  readonly doc: string;
  readonly ref: string;
  readonly subj?: readonly string[];
  readonly user?: readonly string[];
}

export interface LoggedStatement {
  readonly jws: string;
  readonly alg: 'EdDSA' | 'ES256';
  readonly kid: string;
  /** base64url, as `prev` names it. */
  readonly leaf: string;
  readonly fields: Fields;
}

interface Rule {
  readonly required: readonly string[];
  readonly optional: readonly string[];
  /** The slot that it takes by the role of its signer; a role that is not there may not sign it. */
  readonly slots: (fields: Fields) => Partial<Record<Role, Slot>>;
}

const PARTIES = ['from', 'to', 'svc', 'ep'];
const BASE = ['v', 't', 'id', 'ts'];
const byRole = (role: Role) => () => ({ [role]: '-' }) as const;
const STEP = ['from', 'to', 'seq', 'was', 'now', 'prev'];
/** A transition of a case, by one of these. */
const stepBy = (...roles: readonly Role[]) => {
  return ({ seq }: Fields) => Object.fromEntries(roles.map((role) => [role, `s${seq}`])) as Partial<Record<Role, Slot>>;
};
const ACCESS: Rule = { required: ['from', 'doc'], optional: [], slots: () => ({ audit: '-' }) };
const CHANGE: Rule = { required: ['user', 'snap', 'n', 'doc', 'ref'], optional: [], slots: () => ({ registry: '-' }) };
/** The table of `statements.md` §2. A type that is not here cannot be judged, so a log that holds one is not verified. */
const RULES: Readonly<Record<string, Rule>> = {
  'exchange.requested': {
    required: [...PARTIES, 'pur', 'law', 'req', 'subj', 'snap'],
    optional: ['user'],
    slots: () => ({ from: 'c0' }),
  },
  'exchange.answered': {
    required: [...PARTIES, 'st', 'res', 'prev', 'snap'],
    optional: ['subj', 'n'],
    slots: () => ({ to: 'p1' }),
  },
  'exchange.refused': {
    required: [...PARTIES, 'why', 'snap'],
    optional: ['prev'],
    slots: ({ prev }) => (prev === undefined ? { from: 'c1' } : { to: 'p1' }),
  },
  'exchange.failed': {
    required: [...PARTIES, 'why', 'side', 'prev'],
    optional: [],
    slots: ({ why, side }) => ({
      from: 'c1',
      to: 'p1',
      ...(why === 'no-outcome' && side === 'unknown' ? { audit: 'b1' } : {}),
    }),
  },
  'exchange.conflict': { required: ['ref', 'doc'], optional: [], slots: () => ({ audit: '-' }) },
  'registry.manifest': { required: ['n', 'until', 'doc'], optional: ['prev'], slots: () => ({ registry: '-' }) },
  'registry.changed': CHANGE,
  'registry.suspended': CHANGE,
  'anchor.tsr': { required: ['n', 'doc', 'ref'], optional: [], slots: () => ({ audit: '-' }) },
  'log.closed': { required: ['n', 'ref'], optional: [], slots: () => ({ audit: '-' }) },
  'log.opened': { required: ['n', 'doc', 'prev', 'ref'], optional: [], slots: () => ({ audit: '-' }) },
  'log.unwitnessed': { required: ['n', 'doc'], optional: [], slots: () => ({ audit: '-' }) },
  'access.searched': ACCESS,
  'access.proved': ACCESS,
  'access.exported': ACCESS,
  'access.reported': ACCESS,
  'access.packaged': ACCESS,
  refusals: { required: ['why', 'n', 'until', 'ref'], optional: ['from'], slots: () => ({ gateway: '-' }) },
  'question.asked': { required: ['from', 'to', 'prev', 'until'], optional: [], slots: byRole('feedback') },
  'question.answered': { required: ['from', 'to', 'prev', 'doc'], optional: [], slots: byRole('to') },
  erasure: { required: ['n', 'doc', 'ref'], optional: [], slots: byRole('feedback') },
  'access.concealment': {
    required: ['from', 'to', 'until', 'doc'],
    optional: ['prev'],
    slots: ({ prev }) => (prev === undefined ? { from: '-' } : { to: '-' }),
  },
  'subject.compromised': { required: ['from', 'subj', 'until'], optional: [], slots: byRole('feedback') },
  'link.granted': { required: ['from', 'to', 'subj', 'ref'], optional: ['until'], slots: byRole('feedback') },
  'link.revoked': { required: ['from', 'to', 'prev'], optional: [], slots: byRole('feedback') },
  'correction.submitted': {
    required: ['from', 'to', 'seq', 'was', 'now', 'subj', 'doc'],
    optional: ['due'],
    slots: stepBy('from'),
  },
  'correction.routed': { required: [...STEP], optional: ['due'], slots: stepBy('feedback') },
  'correction.split': { required: [...STEP, 'n', 'doc'], optional: ['due'], slots: stepBy('feedback') },
  'correction.received': { required: [...STEP, 'doc'], optional: ['due'], slots: stepBy('to') },
  'correction.review-started': { required: [...STEP], optional: ['due'], slots: stepBy('to') },
  'correction.transferred': { required: [...STEP, 'why'], optional: ['due'], slots: stepBy('to', 'feedback') },
  'correction.info-requested': { required: [...STEP, 'why', 'doc'], optional: ['due'], slots: stepBy('to') },
  'correction.info-provided': { required: [...STEP, 'doc'], optional: ['due'], slots: stepBy('from') },
  'correction.info-lapsed': { required: [...STEP], optional: ['due'], slots: stepBy('feedback') },
  'correction.extended': { required: [...STEP, 'why', 'due'], optional: [], slots: stepBy('to') },
  'correction.decided': { required: [...STEP, 'why', 'doc'], optional: ['due'], slots: stepBy('to') },
  'correction.joined': { required: [...STEP, 'why', 'ref', 'doc'], optional: ['due'], slots: stepBy('to') },
  'correction.corrected': { required: [...STEP, 'until', 'doc'], optional: ['due'], slots: stepBy('to') },
  'correction.propagating': { required: [...STEP, 'doc'], optional: ['due'], slots: stepBy('feedback') },
  'correction.recipient-acked': { required: ['from', 'to', 'now', 'doc'], optional: ['why'], slots: byRole('from') },
  'correction.verified': { required: [...STEP, 'doc'], optional: ['due'], slots: stepBy('from') },
  'correction.closed': { required: [...STEP], optional: ['due', 'doc'], slots: stepBy('feedback') },
  'correction.withdrawn': { required: [...STEP], optional: ['due'], slots: stepBy('from') },
  'correction.reopened': { required: [...STEP, 'why'], optional: ['due', 'doc'], slots: stepBy('from', 'feedback') },
  'correction.deadline-near': { required: [...STEP, 'why', 'due'], optional: [], slots: stepBy('feedback') },
  'correction.deadline-missed': { required: [...STEP, 'why', 'due'], optional: [], slots: stepBy('feedback') },
  'correction.escalated': { required: [...STEP, 'why', 'due'], optional: [], slots: stepBy('feedback') },
  'correction.succeeded': { required: [...STEP, 'ref'], optional: ['due'], slots: stepBy('feedback') },
  'correction.linked': { required: [...STEP, 'doc'], optional: ['due'], slots: stepBy('feedback') },
};

const MAX_BYTES = 8 * 1024;
const HASH = '[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]';
const hashed = (prefix: string) => text(new RegExp(`^${prefix}${HASH}$`, 'u'));
const commitments = list(hashed('c1:'), 0, 16);
const subsystem = text(/^[^/\s]+(\/[^/\s]+){3}$/u);
const code = text(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/u);
const state = text(/^[A-Z][A-Z_]{2,31}$/u);
const READERS: Readonly<Record<string, Reader<unknown>>> = {
  v: constant(1),
  t: text(),
  id: text(/^[0-9a-f]{8}-[0-9a-f]{4}-[78][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u),
  ts: count(),
  seq: count(1),
  from: subsystem,
  to: subsystem,
  svc: text(/^[^/\s]+(\/[^/\s]+){4}$/u),
  ep: text(/^[A-Z]{3,10} \/[^\s?#]*$/u),
  pur: code,
  law: code,
  req: hashed('h1:'),
  res: hashed('h1:'),
  st: count(100),
  subj: commitments,
  user: commitments,
  prev: hashed(''),
  why: text(/^[a-z0-9-]{1,64}$/u),
  side: constant('consumer', 'bus', 'provider', 'provider-system', 'unknown'),
  snap: count(1),
  was: state,
  now: state,
  due: count(),
  n: count(),
  until: count(Number.MIN_SAFE_INTEGER),
  doc: hashed('h[01]:'),
  ref: text(/^[\x20-\x7e]{1,255}$/u),
};

export type StatementProblem = 'statement-malformed' | 'statement-type';

/** The leaf as a statement of exactly the form that its type has. Says nothing about who signed it. */
export function readStatement(bytes: Buffer): Result<LoggedStatement, StatementProblem> {
  if (bytes.length > MAX_BYTES) return refuse('statement-malformed');
  const jws = bytes.toString('latin1');
  const parts = readParts(jws);
  if (parts === undefined) return refuse('statement-malformed');
  const { header, payload } = parts;
  const type = payload['t'];
  if (typeof type === 'string' && !Object.hasOwn(RULES, type)) return refuse('statement-type');
  const fields = fieldsOf(payload);
  if (fields === undefined) return refuse('statement-malformed');
  return ok({ jws, ...header, leaf: toBase64Url(leafHash(bytes)), fields });
}

function readParts(jws: string) {
  const [head = '', body = '', signature = '', ...rest] = jws.split('.');
  const header = readHeader(head);
  const payload = readJson(body);
  if (header === undefined || payload === undefined || rest.length > 0) return undefined;
  return fromBase64Url(signature)?.length === 64 ? { header, payload } : undefined;
}

/** Each field that the type asks for, each in its form, and no other. */
function fieldsOf(payload: Readonly<Record<string, unknown>>): Fields | undefined {
  const rule = RULES[String(payload['t'])];
  if (rule === undefined) return undefined;
  const names = Object.keys(payload);
  const isAllowed = (name: string) =>
    BASE.includes(name) || rule.required.includes(name) || rule.optional.includes(name);
  const areSound = names.every((name) => isAllowed(name) && READERS[name]?.(payload[name]) !== undefined);
  if (!areSound || ![...BASE, ...rule.required].every((name) => names.includes(name))) return undefined;
  // Each field that the type has was read above.
  const fields = payload as unknown as Fields;
  const isOwnId = (fields.t === 'exchange.conflict') === (fields.id[14] === '8');
  return isOwnId && isDated(fields) && caseFieldsAgree(fields) && changeFieldsAgree(fields) ? fields : undefined;
}

/** A change of the registers has two persons, an emergency stop one; its snapshot is the next, or none. */
function changeFieldsAgree({ t, user, snap, n, doc }: Fields): boolean {
  if (t !== 'registry.changed' && t !== 'registry.suspended') return true;
  const isNext = n === snap || n === (snap ?? 0) + 1;
  return user?.length === (t === 'registry.changed' ? 2 : 1) && isNext && doc.startsWith('h1:');
}

/** Only a corrected value may hold since before 1970, and since a day that there is. */
function isDated({ t, until }: Fields): boolean {
  if (until === undefined) return true;
  return t === 'correction.corrected' ? !Number.isNaN(new Date(until).getTime()) : until >= 0;
}

/** The slot that a statement takes when a key of that role signed it; undefined if that role may not. */
export function slotOf({ fields }: LoggedStatement, role: Role): Slot | undefined {
  return RULES[fields.t]?.slots(fields)[role];
}

interface Header {
  readonly alg: 'EdDSA' | 'ES256';
  readonly kid: string;
}

/** Every statement of one key has the same header; a log has few keys, and what does not fit is read again. */
const headers = new Map<string, Header>();
const MAX_HEADERS = 4_096;

function readHeader(encoded: string): Header | undefined {
  const known = headers.get(encoded);
  if (known !== undefined) return known;
  const fields = readJson(encoded);
  const alg = constant('EdDSA', 'ES256')(fields?.['alg']);
  const kid = hashed('')(fields?.['kid']);
  if (fields === undefined || alg === undefined || kid === undefined) return undefined;
  if (fields['typ'] !== 'kerege-statement+jwt' || Object.keys(fields).length !== 3) return undefined;
  const header = { alg, kid };
  if (headers.size < MAX_HEADERS) headers.set(encoded, header);
  return header;
}

/** JSON in its one spelling, from canonical base64url. */
function readJson(encoded: string): Readonly<Record<string, unknown>> | undefined {
  const bytes = fromBase64Url(encoded);
  if (bytes === undefined) return undefined;
  const decoded = bytes.toString('utf8');
  try {
    const value: unknown = JSON.parse(decoded);
    return JSON.stringify(value) === decoded && Buffer.from(decoded).equals(bytes) ? asRecord(value) : undefined;
  } catch {
    // Not JSON: no statement.
    return undefined;
  }
}
