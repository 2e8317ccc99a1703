import { randomBytes } from 'node:crypto';
import { correctionTopic } from '#contracts';
import {
  openDelivery,
  QUESTION_KIND,
  readDelivery,
  readQuestion,
  type QuestionContent,
  type ReadDelivery,
} from '#deliveries';
import { newExchangeId, toBase64Url, type SubsystemId } from '#kernel';
import type { RunningApp } from '#platform';
import { makeReaderToken } from '#reader-auth';
import {
  parseStatement,
  questionAnswerDigest,
  signStatement,
  type QuestionAnswer,
  type QuestionAnsweredPayload,
} from '#signing';
import { eventually, TestIssuer, uniqueName } from '#testing';
import { CONSUMER, PROVIDER } from '../audit/audit-network.js';
import { readPage, type AccessRow } from '../../apps/feedback/web/access-row.js';
import type { FeedbackConfig } from '../../apps/feedback/src/feedback.config.js';
import { FeedbackNetwork, type Stated } from './feedback-network.js';

/** The portal is another subsystem than the consumer that is asked. */
export const PORTAL = PROVIDER;
export const ASKED = CONSUMER;

export interface Said {
  readonly status: number;
  readonly code: string | undefined;
  readonly problem: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What a member hands in, and how a spec spoils it. */
export interface Spoilt {
  readonly as?: string;
  readonly signedAs?: string;
  readonly statement?: Partial<QuestionAnsweredPayload>;
  readonly salt?: Buffer;
  /** Handed in in place of what was digested. */
  readonly instead?: QuestionAnswer;
}

/** A portal, a consumer and a person before feedback. */
export class Asking {
  app: RunningApp | undefined;

  private constructor(
    readonly network: FeedbackNetwork,
    private readonly issuer: TestIssuer,
  ) {}

  static async create(): Promise<Asking> {
    const issuer = await TestIssuer.create();
    return new Asking(await FeedbackNetwork.create((text) => TestIssuer.definitionOf(issuer) + text), issuer);
  }

  /** Feedback anew, with this term and so on. */
  async start(
    changes: Partial<FeedbackConfig> = {},
    deps: Parameters<FeedbackNetwork['start']>[1] = {},
  ): Promise<void> {
    if (this.app !== undefined) await this.network.stop(this.app);
    this.app = await this.network.start({ portals: [PORTAL], overdueIntervalMs: 20, ...changes }, deps);
  }

  /** Statements in the log, with their openings in the index. */
  async lay(...stated: readonly Stated[]): Promise<void> {
    await this.network.stamp(...stated.map(({ statement }) => statement));
    await this.network.send(...(await Promise.all(stated.map((one) => this.network.sealed(one)))));
    await eventually(async () => (await this.network.commitments('pending')) === 0, { timeoutMs: 30_000 });
  }

  async rows(sub: string, represents: readonly string[] = []): Promise<readonly AccessRow[]> {
    const { body } = await this.portal(sub, 'accesses?proofs=true&lang=kk', undefined, represents);
    return readPage(body)?.accesses ?? [];
  }

  async row(sub: string, { statement }: Stated): Promise<AccessRow> {
    const found = (await this.rows(sub)).find(({ exchangeId }) => exchangeId === statement.payload.id);
    if (found === undefined) throw new TypeError('no such row');
    return found;
  }

  /** Asks about a row; `changes` of the body. */
  ask(sub: string, { leaf, role, subject }: AccessRow, changes: object = {}, represents: readonly string[] = []) {
    const body = { leaf, role, subject, code: 'WHY_LOOKED_UP', text: 'Неге?', language: 'kk', ...changes };
    return this.portal(sub, 'questions', body, represents);
  }

  /** What the subsystem that was asked sees of a question. */
  async read(id: string, as = ASKED): Promise<{ said: Said; content: QuestionContent | undefined }> {
    const said = await this.member(as, `/${id}`);
    const { sealed: text } = said.body;
    const sealed = Buffer.from(typeof text === 'string' ? text : '', 'base64url');
    const opened = await this.opened(id, Date.parse(String(said.body['dueAt'])), sealed, ASKED);
    return { said, content: opened };
  }

  async opened(id: string, dueMs: number, sealed: Uint8Array, by: string): Promise<QuestionContent | undefined> {
    const head = { id, kind: QUESTION_KIND, to: ASKED as SubsystemId, dueMs };
    const key = this.network.audit.world.keysOf(by).seal;
    const found = await openDelivery(head, sealed, (_, kid) => (kid === key.kid ? key : undefined));
    return found.ok ? readQuestion(found.value) : undefined;
  }

  /** The delivery of a question as it comes to whoever listens for that subsystem, once it does. */
  async delivered(id: string): Promise<ReadDelivery> {
    const found: ReadDelivery[] = [];
    const subscription = await this.network.bus.subscribe({
      topics: [correctionTopic(ASKED).name],
      group: uniqueName('spec'),
      startAt: { kind: 'earliest' },
      maxInFlight: 10,
      onError: () => undefined,
      each: ({ value }) => {
        const read = readDelivery(value);
        if (read.ok && read.value.head.id === id) found.push(read.value);
      },
    });
    const delivery = await eventually(() => found[0], { timeoutMs: 20_000 });
    await subscription.stop();
    return delivery;
  }

  async answer(content: QuestionContent, answer: QuestionAnswer, spoilt: Spoilt = {}) {
    const { statement, salt } = await this.signed(content, answer, spoilt);
    return this.hand(content.questionId, { statement, salt, answer: spoilt.instead ?? answer }, spoilt.as);
  }

  async signed({ questionId, statement: asked }: QuestionContent, answer: QuestionAnswer, spoilt: Spoilt = {}) {
    const read = parseStatement(asked);
    if (!read.ok) throw new TypeError(read.reason);
    const salt = spoilt.salt ?? randomBytes(32);
    const payload: QuestionAnsweredPayload = {
      ...{ v: 1, t: 'question.answered', id: questionId, ts: Date.now(), from: PORTAL, to: ASKED },
      prev: toBase64Url(read.value.leafHash),
      doc: questionAnswerDigest(salt, answer),
      ...spoilt.statement,
    };
    const { jws, leafHash } = await signStatement(payload, this.network.audit.signerOf(spoilt.signedAs ?? ASKED));
    return { statement: jws, leafHash, salt: toBase64Url(salt) };
  }

  hand(id: string, { statement, salt, answer }: { statement: string; salt: string; answer: object }, as = ASKED) {
    return this.member(as, `/${id}/answer`, { statement, salt, answer });
  }

  async member(subsystem: string, path: string, body?: object): Promise<Said> {
    return this.send(subsystem, `/v1/questions${path}`, {}, body);
  }

  async portal(sub: string, path: string, body?: object, represents: readonly string[] = []): Promise<Said> {
    const assertion = await this.issuer.mint(sub, PORTAL, { claims: { represents } });
    return this.send(PORTAL, `/v1/subjects/me/${path}`, { 'kerege-end-user': assertion }, body);
  }

  async leaves(): Promise<string[]> {
    return (await this.network.audit.leaves()).map(({ body }) => Buffer.from(body).toString());
  }

  private async send(subsystem: string, path: string, headers: Record<string, string>, body?: object): Promise<Said> {
    const { sign: key } = this.network.audit.world.keysOf(subsystem);
    const token = await makeReaderToken({ subsystem, audience: 'http://127.0.0.1:8120', key, nowMs: Date.now() });
    const response = await fetch(`${this.app?.url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        ...{ authorization: `Bearer ${token}`, ...headers },
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as Record<string, unknown>;
    const text = (name: string) => (typeof answer[name] === 'string' ? answer[name] : undefined);
    return { status: response.status, code: text('code'), problem: text('problem'), body: answer };
  }
}

/** An id that nobody gave. */
export const nobodysId = (): string => newExchangeId();
