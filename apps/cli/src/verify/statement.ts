import { toBase64Url } from '#kernel';
import { leafHash } from './log-proof.js';
import { parseJws, type Jws } from './jws.js';
import { constant, count, list, text, type Reader } from './shape.js';

/** Statements as `statements.md` §1–2 has them: closed field lists, read independently of the code that writes them. */

export interface Statement {
  readonly jws: Jws;
  /** base64url, as `prev` names it. */
  readonly leaf: string;
  readonly type: Type;
  readonly fields: Fields;
}

type Type = keyof typeof RULES;

export interface Fields {
  readonly id: string;
  readonly ts: number;
  readonly from: string;
  readonly to: string;
  readonly svc: string;
  readonly ep: string;
  readonly pur: string;
  readonly law: string;
  readonly req: string;
  readonly res: string;
  readonly st: number;
  readonly subj: readonly string[];
  readonly user: readonly string[];
  readonly prev: string | undefined;
  readonly why: string;
  readonly side: string;
  readonly n: number;
  readonly until: number;
  readonly doc: string;
  readonly ref: string;
}

const MAX_BYTES = 8 * 1024;
const HASH = '[A-Za-z0-9_-]{43}';
const PARTIES = ['from', 'to', 'svc', 'ep'];
interface Rule {
  readonly required: readonly string[];
  readonly optional: readonly string[];
}

const ACCESS: Rule = { required: ['from', 'doc'], optional: [] };
const RULES = {
  'exchange.requested': { required: [...PARTIES, 'pur', 'law', 'req', 'subj', 'snap'], optional: ['user'] },
  'exchange.answered': { required: [...PARTIES, 'st', 'res', 'prev', 'snap'], optional: ['subj', 'n'] },
  'exchange.refused': { required: [...PARTIES, 'why', 'prev', 'snap'], optional: [] },
  'exchange.failed': { required: [...PARTIES, 'why', 'side', 'prev'], optional: [] },
  'registry.manifest': { required: ['n', 'until', 'doc'], optional: ['prev'] },
  'anchor.tsr': { required: ['n', 'doc', 'ref'], optional: [] },
  'access.searched': ACCESS,
  'access.proved': ACCESS,
  'access.exported': ACCESS,
  'access.reported': ACCESS,
  'access.packaged': ACCESS,
  refusals: { required: ['why', 'n', 'until', 'ref'], optional: ['from'] },
  'log.closed': { required: ['n', 'ref'], optional: [] },
  'log.opened': { required: ['n', 'doc', 'prev', 'ref'], optional: [] },
  'question.asked': { required: ['from', 'to', 'prev', 'until'], optional: [] },
  'question.answered': { required: ['from', 'to', 'prev', 'doc'], optional: [] },
  erasure: { required: ['n', 'doc', 'ref'], optional: [] },
  'access.concealment': { required: ['from', 'to', 'until', 'doc'], optional: ['prev'] },
  'subject.compromised': { required: ['from', 'subj', 'until'], optional: [] },
  'link.granted': { required: ['from', 'to', 'subj', 'ref'], optional: ['until'] },
  'link.revoked': { required: ['from', 'to', 'prev'], optional: [] },
} as const;

const commitments = list(text(new RegExp(`^c1:${HASH}$`, 'u')), 0, 16);
const subsystem = text(/^[^/]+(\/[^/]+){3}$/u);
const READERS: Readonly<Record<string, Reader<unknown>>> = {
  v: constant(1),
  t: text(),
  id: text(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u),
  ts: count(),
  from: subsystem,
  to: subsystem,
  svc: text(/^[^/]+(\/[^/]+){4}$/u),
  ep: text(/^[A-Z]+ \/[^\s?#]*$/u),
  pur: text(),
  law: text(),
  req: text(new RegExp(`^h1:${HASH}$`, 'u')),
  res: text(new RegExp(`^h1:${HASH}$`, 'u')),
  st: count(100),
  subj: commitments,
  user: commitments,
  prev: text(new RegExp(`^${HASH}$`, 'u')),
  why: text(),
  side: constant('consumer', 'bus', 'provider', 'provider-system', 'unknown'),
  snap: count(1),
  n: count(),
  until: count(),
  doc: text(new RegExp(`^h[01]:${HASH}$`, 'u')),
  ref: text(/^[\x20-\x7e]{1,255}$/u),
};

/** Undefined for anything that is not one of the types which evidence may hold, with exactly their fields. */
export function parseStatement(compact: string): Statement | undefined {
  if (compact.length > MAX_BYTES) return undefined;
  const jws = parseJws(compact, 'kerege-statement+jwt');
  const type = jws?.payload['t'];
  if (jws === undefined || typeof type !== 'string' || !isType(type)) return undefined;
  const { required, optional }: Rule = RULES[type];
  const names = Object.keys(jws.payload);
  const allowed: readonly string[] = ['v', 't', 'id', 'ts', ...required, ...optional];
  const present = names.every((name) => allowed.includes(name) && READERS[name]?.(jws.payload[name]) !== undefined);
  if (!present || !['v', 'id', 'ts', ...required].every((name) => names.includes(name))) return undefined;
  // Each field that the type has was read above; of the others none is looked at.
  const fields = { subj: [], user: [], ...jws.payload } as unknown as Fields;
  return { jws, leaf: toBase64Url(leafHash(compact)), type, fields };
}

/** A sequel counts only if it names that very leaf and the same parties (`statements.md` §2). */
export function isSequel(sequel: Statement, requested: Statement): boolean {
  const [after, before] = [sequel.fields, requested.fields];
  return (
    after.prev === requested.leaf &&
    after.id === before.id &&
    after.from === before.from &&
    after.to === before.to &&
    after.svc === before.svc
  );
}

function isType(type: string): type is Type {
  return Object.hasOwn(RULES, type);
}
