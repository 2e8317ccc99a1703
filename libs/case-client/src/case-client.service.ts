import { randomBytes } from 'node:crypto';
import { ownWords, valueHash, wordsHash, type CaseState, type OwnerAct } from '#corrections';
import { CASE_KINDS, openDelivery, readCorrected, sealDelivery, type CorrectedContent } from '#deliveries';
import { AppError, fromBase64Url, newExchangeId, parseSubsystemId, toBase64Url, type SubsystemId } from '#kernel';
import { signStatement, startSession, type RecipientKey } from '#signing';
import type { z } from 'zod';
import { caseClientErrors } from './case-client.errors.js';
import {
  checkProposal,
  statementOfAcknowledgement,
  statementOfAct,
  type Acknowledgement,
  type ExpectedStatement,
} from './expected-statement.js';
import { FeedbackHttp, type FeedbackHttpParts } from './feedback-http.service.js';
import { openRequest, type OpenedRequest, type RequestFlaw, type UnsealKeyOf } from './open-request.js';
import {
  casesPage,
  noticesPage,
  owedFlags,
  ownedCase,
  proposed,
  taken,
  type OwedFlags,
  type SealedCase,
  type Standing,
} from './standing.js';

export interface CaseClientParts extends FeedbackHttpParts {
  readonly unsealKey: UnsealKeyOf;
}

export interface CasesQuery {
  /** `open`, `ended` or a state; absent: all. */
  readonly state?: 'open' | 'ended' | CaseState | undefined;
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
}

/** A case as its owner reads it: opened, or why it is not. */
export interface ReadCase {
  readonly standing: Standing;
  readonly contentId: string;
  readonly opened: OpenedRequest | undefined;
  readonly flaw: RequestFlaw | undefined;
}

/** A new value as the owner knows it; the log gets its salted digest. */
export interface NewValue {
  readonly item: number;
  readonly value: unknown;
}

/** News for a member that got a value: it is corrected, or doubted again. */
export interface ToldNotice {
  readonly noticeId: string;
  readonly isReopened: boolean;
  /** By when an answer is due. */
  readonly dueAt: string | undefined;
  readonly content: CorrectedContent | undefined;
}

/** Acts that may bring own words to the person: those whose digest in the log can bind them. An extension has none. */
export type WordedAct = Extract<OwnerAct, { readonly act: 'request-info' | 'decide' }>;

/** The key for which a subsystem wants to be sealed now, by the registry. */
export type SealingKeyOf = (subsystem: SubsystemId) => RecipientKey | undefined | Promise<RecipientKey | undefined>;

interface Sealed {
  readonly id: string;
  readonly sealed: string;
}

const SALT_BYTES = 32;

/**
 * What the owner of data does in corrections, and what recipients say, in the name of one subsystem. It promises: nothing
 * is signed but the statement of the act that was asked for, whatever feedback proposes; and a request counts as opened
 * only if it is the one whose digest stands in the log. Values and words of persons go nowhere from here.
 */
export class CaseClient {
  private readonly http: FeedbackHttp;

  constructor(private readonly parts: CaseClientParts) {
    this.http = new FeedbackHttp(parts);
  }

  async list({ state, after, limit }: CasesQuery = {}): Promise<{ cases: Standing[]; next?: string | undefined }> {
    const given = Object.entries({ state, after, limit }).filter(([, value]) => value !== undefined);
    const query = given.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join('&');
    return read(casesPage, await this.http.ask(`/v1/owner/corrections${query === '' ? '' : `?${query}`}`));
  }

  /** Whether dispute flags for this subsystem wait at feedback. */
  async owedFlags(): Promise<OwedFlags> {
    return read(owedFlags, await this.http.ask('/v1/owner/dispute-flags'));
  }

  /** With the request opened; one that cannot be opened has a `flaw` instead. */
  async read(id: string): Promise<ReadCase> {
    const { sealed, ...found } = await this.fetched(id);
    const { contentId } = found;
    const opened = await openRequest({ ...found, sealed }, this.parts.subsystem, this.parts.unsealKey);
    const outcome = opened.ok ? { opened: opened.value, flaw: undefined } : { opened: undefined, flaw: opened.reason };
    return { standing: found, contentId, ...outcome };
  }

  /** Takes a step. Two who act at once: one of them is refused, with feedback's word. */
  async act(id: string, act: OwnerAct, content?: Sealed): Promise<Standing> {
    const path = `/v1/owner/corrections/${encodeURIComponent(id)}/steps`;
    const answer = await this.step(path, act, statementOfAct(id, this.parts.subsystem, act), content);
    return read(taken, answer).standing;
  }

  /**
   * An act with own words for the person, sealed for the portal that filed. Who that is stands in the statement that is
   * signed, and the log takes it only if it is so: a feedback that names another portal gets words that nobody is shown.
   */
  async say(id: string, act: WordedAct, text: string, keyOf: SealingKeyOf): Promise<Standing> {
    if (!ownWords.safeParse(text).success) throw caseClientErrors.error('case-words-unplain');
    const portal = parseSubsystemId((await this.fetched(id)).portal);
    const key = portal.ok ? await keyOf(portal.value) : undefined;
    if (!portal.ok || key === undefined) throw caseClientErrors.error('case-portal-unsealable');
    const [to, salt, contentId] = [portal.value, newSalt(), newExchangeId()];
    const said: WordedAct = { ...act, words: wordsHash(fromBase64Url(salt) ?? Buffer.alloc(0), text) };
    const session = await startSession({ recipient: to, kid: key.kid, publicJwk: key.jwk });
    const sealed = sealDelivery(
      { id: contentId, kind: CASE_KINDS.words, to },
      { correctionId: id, salt, text },
      session,
    );
    const path = `/v1/owner/corrections/${encodeURIComponent(id)}/steps`;
    const expected = { ...statementOfAct(id, this.parts.subsystem, said), from: to };
    const answer = await this.step(path, said, expected, { id: contentId, sealed: toBase64Url(sealed) });
    return read(taken, answer).standing;
  }

  /** The owner's receipt, over what was opened. */
  async receive(id: string): Promise<Standing> {
    return this.act(id, { act: 'receive', receiptOver: (await this.opened(id)).digest });
  }

  /** The values that the register holds now; their digests are under the salt of the case. */
  async correct(id: string, values: readonly NewValue[], effectiveFrom: string): Promise<Standing> {
    const { content } = await this.opened(id);
    const salt = fromBase64Url(content.salt) ?? Buffer.alloc(0);
    if (values.some(({ item }) => content.items[item] === undefined)) throw caseClientErrors.error('case-item-unknown');
    const hashed = values.map(({ item, value }) => ({ item, newValueHash: valueHash(salt, value) }));
    return this.act(id, { act: 'correct', values: hashed, effectiveFrom, salt: newSalt() });
  }

  /** Hands the case on: the request is sealed anew for this published key of the next owner. */
  async transfer(id: string, act: Extract<OwnerAct, { act: 'transfer' }>, key: RecipientKey): Promise<Standing> {
    const { request } = await this.opened(id);
    const contentId = newExchangeId();
    const session = await startSession({ recipient: act.target, kid: key.kid, publicJwk: key.jwk });
    const sealed = sealDelivery({ id: contentId, kind: CASE_KINDS.request, to: act.target }, request, session);
    return this.act(id, act, { id: contentId, sealed: toBase64Url(sealed) });
  }

  /** What this subsystem was told as a recipient and has not answered, opened; without `content`: it cannot be opened. */
  async told(after?: string): Promise<{ notices: ToldNotice[]; next?: string | undefined }> {
    const query = after === undefined ? '' : `?after=${encodeURIComponent(after)}`;
    const { notices, next } = read(noticesPage, await this.http.ask(`/v1/recipient/corrections${query}`));
    const { subsystem, unsealKey } = this.parts;
    const opened = notices.map(async ({ noticeId, isReopened, dueAt, sealed }): Promise<ToldNotice> => {
      const dueMs = dueAt === undefined ? undefined : Date.parse(dueAt);
      const head = { id: noticeId, kind: CASE_KINDS.corrected, to: subsystem, dueMs };
      const found = await openDelivery(head, Buffer.from(sealed ?? '', 'base64url'), unsealKey);
      return { noticeId, isReopened, dueAt, content: found.ok ? readCorrected(found.value) : undefined };
    });
    return { notices: await Promise.all(opened), next };
  }

  /** What this subsystem did with the news that a value is corrected; feedback's answer. */
  async acknowledge(noticeId: string, said: Acknowledgement): Promise<unknown> {
    const { action, reason } = said;
    const salt = newSalt();
    const path = `/v1/recipient/corrections/${encodeURIComponent(noticeId)}/acknowledgement`;
    const body = { action, ...(reason === undefined ? {} : { reason }), salt };
    return this.step(path, body, statementOfAcknowledgement(this.parts.subsystem, said, salt));
  }

  private async opened(id: string): Promise<OpenedRequest> {
    const { opened, flaw } = await this.read(id);
    if (opened === undefined) throw unopened(flaw ?? { code: 'case-request-absent' });
    return opened;
  }

  private async fetched(id: string): Promise<SealedCase> {
    const found = read(ownedCase, await this.http.ask(`/v1/owner/corrections/${encodeURIComponent(id)}`));
    if (found.id !== id) throw caseClientErrors.error('case-feedback-strange');
    return found;
  }

  private async step(path: string, body: object, expected: ExpectedStatement, content?: Sealed): Promise<unknown> {
    const { payload } = read(proposed, await this.http.ask(path, body));
    const checked = checkProposal(payload, expected, Date.now());
    if (!checked.ok) throw caseClientErrors.error('case-proposal-unsound', { extensions: { field: checked.reason } });
    const statement = await signStatement(checked.value, this.parts.signer());
    const whole = { ...body, statement: statement.jws, ...(content === undefined ? {} : { content }) };
    try {
      return await this.http.ask(path, whole);
    } catch (cause) {
      if (!(cause instanceof AppError) || cause.code !== 'case-feedback-unreachable') throw cause;
      // Whether it was taken is unknown; the same statement again changes nothing.
      return this.http.ask(path, whole);
    }
  }
}

/** Why a request was not opened, as an error. */
export function unopened({ code, ...extensions }: RequestFlaw): AppError {
  return caseClientErrors.error(code, { extensions });
}

/** 32 random bytes: whoever has them can check the digest in the log. */
export function newSalt(): string {
  return toBase64Url(randomBytes(SALT_BYTES));
}

function read<Value>(schema: z.ZodType<Value>, said: unknown): Value {
  const found = schema.safeParse(said);
  if (!found.success) throw caseClientErrors.error('case-feedback-strange');
  return found.data;
}
