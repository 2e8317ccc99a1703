import { leafHash } from './tree.js';

/** A leaf of the log, as far as its own bytes tell. */
export interface Leaf {
  readonly index: number;
  /** Base64url, as `prev` spells it. */
  readonly hash: string;
  /** Key that signed it. */
  readonly kid: string;
  readonly t: string;
  readonly id: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly svc: string | undefined;
  /** `METHOD /pattern`. */
  readonly ep: string | undefined;
  readonly prev: string | undefined;
  readonly why: string | undefined;
  readonly st: number | undefined;
  /** Milliseconds by its maker's clock. */
  readonly ts?: number;
  /** Of an answer: how many disputed elements are marked on it. */
  readonly n?: number;
  /** Of a transition of a case. */
  readonly seq?: number;
  readonly was?: string;
  readonly now?: string;
  /** How many persons it speaks of, each a commitment; absent: none. */
  readonly commitments?: number;
}

/** Takes a leaf's JWS apart; its signature is `kerege verify`'s to judge. */
export function decodeLeaf(index: number, body: Buffer): Leaf {
  const [header = '', payload = ''] = body.toString('latin1').split('.');
  const { kid } = fields(header);
  const { t, id, from, to, svc, ep, prev, why, st, ts, n, seq, was, now, subj, user } = fields(payload);
  const commitments = sizeOf(subj) + sizeOf(user);
  return {
    index,
    hash: leafHash(body).toString('base64url'),
    kid: text(kid) ?? '',
    t: text(t) ?? '',
    id: text(id) ?? '',
    from: text(from),
    to: text(to),
    svc: text(svc),
    ep: text(ep),
    prev: text(prev),
    why: text(why),
    st: number(st),
    ...there({ ts: number(ts), n: number(n), seq: number(seq), was: text(was), now: text(now) }),
    ...(commitments > 0 ? { commitments } : {}),
  };
}

/** Only the fields that a leaf has. */
function there<Fields extends object>(all: Fields): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as never;
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function fields(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Record<string, unknown>;
}

function sizeOf(value: unknown): number {
  return Array.isArray(value) ? value.length : 0;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
