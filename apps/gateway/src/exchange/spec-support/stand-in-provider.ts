import type { Bus, ReceivedRecord, Subscription } from '#bus';
import {
  AnswerContentSchema,
  AnswerSchema,
  decode,
  encode,
  message,
  RequestContentSchema,
  RequestSchema,
  type Answer,
  type RequestContent,
} from '#contracts';
import { exchangeIdFromBytes, toBase64Url } from '#kernel';
import {
  answerAd,
  answerDigest,
  jwkSigner,
  openRecord,
  openSession,
  parseStatement,
  requestAd,
  sealRecord,
  signStatement,
  type AnsweredPayload,
  type FailedPayload,
  type PrivateJwk,
  type RefusedPayload,
  type Statement,
} from '#signing';
import type { SubsystemTopics } from '#snapshot';
import { stampRecord } from '../stamps.worker.js';

type ProvidersPayload = AnsweredPayload | FailedPayload | RefusedPayload;

/** What a spec may change on the way; each default is what an honest connector does. */
export interface Behaviour {
  readonly silent?: boolean;
  readonly status?: number;
  readonly body?: Buffer;
  readonly payload?: (honest: AnsweredPayload) => ProvidersPayload;
  readonly signWith?: PrivateJwk;
  readonly answer?: (answer: Answer, statement: Statement) => Answer;
  readonly stamp?: boolean;
  readonly times?: number;
  readonly delayMs?: number;
}

export interface Seen {
  readonly statement: Statement;
  readonly content: RequestContent;
  readonly replyTopic: string;
  readonly answer: (behaviour?: Behaviour) => Promise<void>;
}

/**
 * STAND-IN for a connector and its agency, for the gateway's specs only: opens what was sealed, answers at once, checks
 * nothing and waits for no receipt.
 */
export class StandInProvider {
  readonly seen: Seen[] = [];
  behaviour: Behaviour = {};
  private subscription: Subscription | undefined;

  constructor(
    private readonly bus: Bus,
    private readonly id: string,
    private readonly keys: { readonly sign: PrivateJwk; readonly seal: PrivateJwk },
    private readonly topics: SubsystemTopics,
  ) {}

  async start(): Promise<void> {
    this.subscription = await this.bus.subscribe({
      topics: [this.topics.request.name],
      group: `stand-in-provider-${crypto.randomUUID()}`,
      startAt: { kind: 'latest' },
      maxInFlight: 100,
      onError: (cause) => {
        throw cause;
      },
      each: (record) => this.take(record),
    });
  }

  async stop(): Promise<void> {
    await this.subscription?.stop();
  }

  /** Answers a request that was seen once more, as the behaviour of now says. */
  async answerAgain(index: number): Promise<void> {
    await this.seen[index]?.answer(this.behaviour);
  }

  private async take(record: ReceivedRecord): Promise<void> {
    const request = decode(RequestSchema, record.value);
    const parsed = parseStatement(request.statement);
    const { content: sealed } = request;
    if (!parsed.ok || sealed === undefined) return;
    const from = { recipient: this.id, kid: sealed.kid, enc: sealed.enc, privateJwk: this.keys.seal };
    const session = await openSession(from);
    const ad = requestAd(parsed.value.leafHash, request.exchangeId, request.deadlineMs, request.replyTopic);
    const opened = session && openRecord(session.requestKey, sealed.nonce, sealed.ciphertext, ad);
    if (session === undefined || opened === undefined) return;
    const content = decode(RequestContentSchema, opened);
    const behaviour = this.behaviour;
    const send = (how = behaviour) =>
      this.answer(parsed.value, content, request.exchangeId, request.replyTopic, session.answerKey, how);
    this.seen.push({ statement: parsed.value, content, replyTopic: request.replyTopic, answer: send });
    if (behaviour.silent === true) return;
    if (behaviour.delayMs !== undefined) setTimeout(() => void send(), behaviour.delayMs);
    else await send();
  }

  private async answer(
    requested: Statement,
    content: RequestContent,
    exchangeId: Uint8Array,
    replyTopic: string,
    answerKey: Uint8Array,
    behaviour: Behaviour,
  ): Promise<void> {
    const { status = 200, body = Buffer.from('{"name":"Test"}') } = behaviour;
    const headers = [{ name: 'Content-Type', value: 'application/json' }];
    const res = answerDigest(content.salt, { status, headers, body });
    const honest = honestPayload(requested, exchangeId, status, res);
    for (let time = 0; time < (behaviour.times ?? 1); time += 1) {
      const payload = behaviour.payload?.(honest) ?? honest;
      const statement: Statement = await signStatement<ProvidersPayload>(
        { ...payload, ts: payload.ts + time },
        jwkSigner(behaviour.signWith ?? this.keys.sign),
      );
      const sealed = sealRecord(
        answerKey,
        encode(
          AnswerContentSchema,
          message(AnswerContentSchema, {
            status,
            headers: headers.map(({ name, value }) => ({ name, value: Buffer.from(value) })),
            body,
          }),
        ),
        answerAd(statement.leafHash, exchangeId),
      );
      const plain = message(AnswerSchema, { exchangeId, statement: statement.jws, content: sealed });
      const answer = behaviour.answer?.(plain, statement) ?? plain;
      const records = [
        { topic: replyTopic, partition: 0, value: encode(AnswerSchema, answer), headers: { type: 'answer' } },
      ];
      const stamp = stampRecord(statement.jws, [replyTopic, this.topics.receipt]);
      await this.bus.publish(behaviour.stamp === false ? records : [stamp, ...records]);
    }
  }
}

function honestPayload(requested: Statement, id: Uint8Array, st: number, res: string): AnsweredPayload {
  const { from = '', to = '', svc = '', ep = '', snap = 1 } = requested.payload;
  const prev = toBase64Url(requested.leafHash);
  const parties = { from, to, svc, ep, snap, prev };
  return { v: 1, t: 'exchange.answered', id: exchangeIdFromBytes(id) ?? '', ts: Date.now(), st, res, ...parties };
}
