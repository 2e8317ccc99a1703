import { QUESTION_KIND, sealDelivery, type Delivery, type QuestionContent } from '#deliveries';
import { newExchangeId, toBase64Url, type Clock, type SubsystemId } from '#kernel';
import type { Database, Queries } from '#postgres';
import { spelled, SealingSessions, type CommitmentKind, type QuestionAskedPayload, type Statement } from '#signing';
import type { RegistryView } from '#snapshot';
import type { Access, AccessHistory } from '../access-history/access-history.service.js';
import type { LeafPlace } from '../access-history/outcome.js';
import type { Language } from '../access-history/titles.js';
import { callerErrors } from '../caller/caller.errors.js';
import type { Caller } from '../caller/caller-auth.service.js';
import { ownSubjects } from '../caller/own-subjects.js';
import type { PersonKeys } from '../key-store/person-keys.store.js';
import { tagsOf } from '../key-store/person-tags.js';
import { standingOf, type QuestionCode, type QuestionStanding } from './question.js';
import type { QuestionStore } from './question.store.js';
import { questionErrors } from './questions.errors.js';

/** What a person wants to know of one access. */
export interface Asking {
  /** As the row of the history names it. */
  readonly leaf: LeafPlace;
  readonly role?: CommitmentKind | undefined;
  /** `COUNTRY/TYPE/CODE`; needed where the leaf speaks of several persons about whom the caller may ask. */
  readonly subject?: string | undefined;
  readonly code: QuestionCode;
  readonly text?: string | undefined;
  /** In which they read. */
  readonly language: Language;
}

/** States leaves of feedback; nothing is sent before the caller's transaction is committed. */
export interface Stating {
  sign(payload: QuestionAskedPayload): Promise<Statement>;
  keep(queries: Queries, statement: Pick<Statement, 'jws' | 'leafHash'>): Promise<void>;
  wake(): void;
}

export interface Delivering {
  add(queries: Queries, deliveries: readonly Delivery[]): Promise<void>;
}

export interface QuestionsParts {
  readonly database: Database;
  readonly store: QuestionStore;
  readonly history: Pick<AccessHistory, 'ofLeaf'>;
  readonly keys: Pick<PersonKeys, 'epochs'>;
  readonly statements: Stating;
  readonly outbox: Delivering;
  readonly registry: { current(): RegistryView | undefined };
  readonly clock: Clock;
  /** How long the recipient has. */
  readonly termMs: number;
  /** Open ones of one person at most. */
  readonly mostOpen: number;
  /** Characters of a text at most. */
  readonly mostText: number;
  readonly wakeDeliveries: () => void;
  readonly asked: () => void;
}

/**
 * A person asks whoever looked at their data why. It promises that a question which is answered with success has its leaf
 * and its delivery, sooner or later: row, statement and delivery are one transaction, and what a crash leaves of it is
 * sent by the workers of both after the restart. What was asked is sealed for the recipient and stands nowhere else.
 */
export class Questions {
  private readonly sessions = new SealingSessions();

  constructor(private readonly parts: QuestionsParts) {}

  async ask(caller: Caller, asking: Asking): Promise<QuestionStanding> {
    const { database, store, statements, outbox, clock, termMs, mostOpen, mostText } = this.parts;
    if ((asking.text?.length ?? 0) > mostText)
      throw questionErrors.error('text-too-long', { extensions: { most: mostText } });
    const access = await this.accessOf(caller, asking);
    const nowMs = clock.now();
    const question = {
      ...access.tagged,
      id: newExchangeId(),
      exchange: access.request.hash,
      portal: caller.portal,
      recipient: access.consumer,
      askedMs: nowMs,
      dueMs: nowMs + termMs,
    };
    const { id, portal, recipient, dueMs } = question;
    const prev = toBase64Url(question.exchange);
    const key = this.sealingKey(recipient as SubsystemId, nowMs);
    const asked = {
      v: 1,
      t: 'question.asked',
      id,
      ts: nowMs,
      from: portal,
      to: recipient,
      prev,
      until: dueMs,
    } as const;
    const statement = await statements.sign(asked);
    const content = contentOf(asking, access, { questionId: id, request: prev, dueMs, statement: statement.jws });
    const session = await this.sessions.take(recipient, key, nowMs);
    const head = { id, kind: QUESTION_KIND, to: recipient as SubsystemId, dueMs };
    const sealed = Buffer.from(sealDelivery(head, content, session));
    const tags = tagsOf(access.opening, await this.parts.keys.epochs());
    const added = await database.transaction(async (queries) => {
      const row = { ...question, asked: statement.leafHash, sealed, accessMs: access.atMs };
      const outcome = await store.add(queries, row, tags, mostOpen);
      if (outcome !== 'added') return outcome;
      await statements.keep(queries, statement);
      await outbox.add(queries, [{ id, recipient, kind: QUESTION_KIND, value: sealed, dueMs }]);
      return outcome;
    });
    if (added === 'erased') throw questionErrors.error('access-unknown');
    if (added === 'too-many') throw questionErrors.error('questions-too-many');
    if (added === 'open-already') throw questionErrors.error('question-open');
    statements.wake();
    this.parts.wakeDeliveries();
    this.parts.asked();
    return standingOf({ ...question, asked: statement.leafHash, answer: undefined }, nowMs);
  }

  /** The access that the caller sees at that leaf; of one person, since a question belongs to one. */
  private async accessOf(caller: Caller, { leaf, role, subject }: Asking): Promise<Access> {
    const seen = await this.parts.history.ofLeaf(ownSubjects(caller, subject), leaf);
    const accesses = seen.filter((access) => role === undefined || access.role === role);
    const [access] = accesses;
    if (access === undefined) throw questionErrors.error('access-unknown');
    if (new Set(accesses.map(({ opening }) => spelled(opening))).size > 1)
      throw questionErrors.error('access-ambiguous');
    return access;
  }

  private sealingKey(recipient: SubsystemId, nowMs: number) {
    const view = this.parts.registry.current();
    if (view === undefined) throw callerErrors.error('registry-unread');
    const key = view.sealingKey(recipient, nowMs);
    if (key === undefined) throw questionErrors.error('recipient-gone');
    return key;
  }
}

interface Framed {
  readonly questionId: string;
  readonly request: string;
  readonly dueMs: number;
  readonly statement: string;
}

function contentOf({ code, text, language }: Asking, access: Access, { dueMs, ...framed }: Framed): QuestionContent {
  return {
    ...framed,
    exchangeId: access.exchangeId,
    subject: spelled(access.opening),
    role: access.role,
    code,
    ...(text === undefined ? {} : { text }),
    language,
    dueAt: new Date(dueMs).toISOString(),
  };
}
