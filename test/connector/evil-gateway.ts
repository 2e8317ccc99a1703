import { randomBytes } from 'node:crypto';
import { encode, message, RequestContentSchema, RequestSchema } from '#contracts';
import { exchangeIdBytes, newExchangeId, type ExchangeId } from '#kernel';
import {
  commit,
  jwkSigner,
  requestAd,
  requestDigest,
  sealRecord,
  signStatement,
  startSession,
  type PrivateJwk,
  type RequestedPayload,
  type SealingSession,
  type Statement,
  type TypedSubject,
} from '#signing';
import type { World } from '#testing';

export const CONSUMER = 'TEST/GOV/1000/mygov';
export const PROVIDER = 'TEST/GOV/1001/population';
export const SERVICE = `${PROVIDER}/persons`;
export const SUBJECT: TypedSubject = { country: 'TEST', type: 'PIN', code: 'TEST000001' };

/** What a gateway may do wrong, each at its own place; without any the request is a good one. */
export interface Mischief {
  readonly id?: ExchangeId;
  readonly ts?: number;
  readonly method?: string;
  readonly target?: string;
  readonly body?: Buffer;
  /** `X-Road-Client`, if not who signs. */
  readonly client?: string;
  readonly headers?: readonly (readonly [string, string])[];
  /** Committed to and opened. */
  readonly subject?: TypedSubject | undefined;
  /** Committed to and opened as end user. */
  readonly user?: TypedSubject;
  readonly assertion?: string;
  /** Sealed in as the subject's leave. */
  readonly linkTicket?: string;
  /** Sealed in as the order that the call names. */
  readonly concealment?: Buffer;
  /** Laid over the payload before it is signed. */
  readonly payload?: Partial<RequestedPayload>;
  /** Signs instead of the consumer. */
  readonly key?: PrivateJwk;
  /** The body that is sealed, though `body` was signed. */
  readonly sealedBody?: Buffer;
  /** Stand on the envelope, though others were sealed in. */
  readonly envelope?: { readonly replyTopic?: string; readonly deadlineMs?: number; readonly statement?: string };
  readonly replyTopic?: string;
  readonly deadlineMs?: number;
  readonly snapshot?: number;
}

export interface Crafted {
  readonly id: ExchangeId;
  readonly requested: Statement<RequestedPayload>;
  readonly session: SealingSession;
  readonly salt: Buffer;
  /** Value of the record on the request topic. */
  readonly value: Uint8Array;
}

/** Whose keys it takes, and who is registered. */
export type CraftWorld = Pick<World, 'keysOf'> & { readonly snapshot: Pick<World['snapshot'], 'instances'> };

/** Builds requests as a gateway does, or as one that breaks a rule: the connector trusts neither. */
export async function craft(world: CraftWorld, mischief: Mischief = {}): Promise<Crafted> {
  const id = mischief.id ?? newExchangeId();
  const salt = randomBytes(32);
  const subject = 'subject' in mischief ? mischief.subject : SUBJECT;
  const committed = subject === undefined ? [] : [commit('subject', subject)];
  const subj = committed.map(({ commitment }) => commitment);
  const acting = mischief.user === undefined ? undefined : commit('user', mischief.user);
  const user = acting === undefined ? {} : { user: [acting.commitment] };
  const head = headOf(id, mischief);
  const payload = { ...payloadOf(id, subj, requestDigest(salt, head), mischief), ...user };
  const requested = await signStatement(payload, jwkSigner(mischief.key ?? world.keysOf(payload.from).sign));
  const { seal } = world.keysOf(payload.to);
  const session = await startSession({ recipient: payload.to, kid: seal.kid, publicJwk: seal });
  const subjects = committed.map(({ opening }) => opening);
  const endUser = acting === undefined ? {} : { endUser: acting.opening };
  const named = namedIn(mischief);
  const fields = { ...head, body: mischief.sealedBody ?? head.body, salt, subjects, ...endUser, ...named };
  const content = encode(RequestContentSchema, message(RequestContentSchema, fields));
  return { id, requested, session, salt, value: sealed(world, { id, requested, session, content }, mischief) };
}

function namedIn({ assertion = '', linkTicket = '', concealment = Buffer.alloc(0) }: Mischief) {
  return { endUserAssertion: assertion, linkTicket, concealment };
}

function headOf(id: ExchangeId, mischief: Mischief) {
  const { method = 'GET', target = `/r1/${SERVICE}/TEST000001`, body = Buffer.alloc(0), headers = [] } = mischief;
  const client = mischief.client ?? mischief.payload?.from ?? CONSUMER;
  const own = [['X-Road-Client', client] as const, ['X-Road-Id', id] as const, ['x-road-request-id', id] as const];
  const octets = [...headers, ...own].map(([name, value]) => ({ name, value: Buffer.from(value, 'latin1') }));
  return { method, target, body, headers: octets };
}

function payloadOf(id: ExchangeId, subj: string[], req: string, { ts, payload }: Mischief): RequestedPayload {
  return {
    v: 1,
    t: 'exchange.requested',
    id,
    ts: ts ?? Date.now(),
    from: CONSUMER,
    to: PROVIDER,
    svc: SERVICE,
    ep: 'GET /{pin}',
    pur: 'citizen-view',
    law: 'LB-1',
    req,
    subj,
    snap: 1,
    ...payload,
  };
}

interface ToSeal {
  readonly id: ExchangeId;
  readonly requested: Statement<RequestedPayload>;
  readonly session: SealingSession;
  readonly content: Uint8Array;
}

function sealed(world: CraftWorld, { id, requested, session, content }: ToSeal, mischief: Mischief): Uint8Array {
  const { replyTopic = replyTopicOf(world, 'gw1'), deadlineMs = Date.now() + 8_000, envelope = {} } = mischief;
  const ad = requestAd(requested.leafHash, exchangeIdBytes(id), deadlineMs, replyTopic);
  return encode(
    RequestSchema,
    message(RequestSchema, {
      exchangeId: exchangeIdBytes(id),
      statement: envelope.statement ?? requested.jws,
      content: { enc: session.enc, kid: session.kid, ...sealRecord(session.requestKey, content, ad) },
      replyTopic: envelope.replyTopic ?? replyTopic,
      deadlineMs: BigInt(envelope.deadlineMs ?? deadlineMs),
      snapshot: BigInt(mischief.snapshot ?? requested.payload.snap),
    }),
  );
}

export function replyTopicOf(world: Pick<CraftWorld, 'snapshot'>, instance: string): string {
  return world.snapshot.instances.find(({ id }) => id.endsWith(`/${instance}`))?.reply ?? '';
}
