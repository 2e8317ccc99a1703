import type { CaseEvent, CaseStatement, OwnerAct, Terms } from '#corrections';
import { decode, SealedSchema } from '#contracts';
import type { Delivery } from '#deliveries';
import type { Clock, SubsystemId } from '#kernel';
import type { Queries } from '#postgres';
import { signingKeyOf } from '#reader-auth';
import {
  parseStatement,
  verifyStatement,
  type CaseStepPayload,
  type CaseSubmittedPayload,
  type Statement,
} from '#signing';
import type { RegistryView } from '#snapshot';
import { callerErrors } from '../caller/caller.errors.js';
import { casePayload, isSamePayload } from './case-payload.js';
import { standingOfCase, type CaseStanding } from './case-standing.js';
import type { CaseStore } from './case.store.js';
import { correctionErrors, refusedCase } from './corrections.errors.js';
import type { KeptCase, PendingStep } from './kept-case.js';
import { nextStep, type NextStep } from './next-step.js';

export type CasePayload = CaseSubmittedPayload | CaseStepPayload;

export interface GivenContent {
  readonly id: string;
  readonly sealed: Buffer;
  /** Of a request: the same, as only the gateway that files it opens it. */
  readonly copy?: Buffer | undefined;
}

/** What an actor gives to have a step taken. */
export interface GivenStep {
  /** Compact JWS over the payload that was proposed. */
  readonly statement: string;
  /** What the actor has sealed for the other side of the case, and under which id it is to be delivered. */
  readonly content?: GivenContent | undefined;
  /** What was said beside it, as its digest was made. */
  readonly act?: OwnerAct | undefined;
}

/** Proposed: to be signed as it is, and sent again beside the same words. Taken: it is on its way into the log, or there. */
export type StepOutcome = { readonly payload: CasePayload } | { readonly standing: CaseStanding };

/** Deliveries of flags, and what they tell whom: `told` of a dispute. */
export interface FlagsOut {
  readonly deliveries: readonly Delivery[];
  readonly told: readonly string[];
}

/** Builds what members have to be told because of a transition, sealed for each; adds nothing by itself. */
export interface CaseDelivering {
  /** As soon as it is judged: a flag has to be there when its leaf is. */
  atOnce(kept: KeptCase, step: NextStep): Promise<FlagsOut>;
  /** The flag of a disputed case, for those whose answers hold the datum by now and who were not told. */
  missingFlags(kept: KeptCase): Promise<FlagsOut>;
  /** When it will never stand in the log: what went out at once is taken back. */
  takenBack(kept: KeptCase): Promise<readonly Delivery[]>;
  /** When it stands in the log. */
  afterwards(before: KeptCase, after: KeptCase): Promise<readonly Delivery[]>;
}

export interface CasesParts {
  readonly store: CaseStore;
  readonly terms: ReadonlyMap<string, Terms>;
  readonly registry: { current(): RegistryView | undefined };
  readonly statements: {
    sign(payload: CasePayload): Promise<Statement>;
    keep(queries: Queries, statement: Pick<Statement, 'jws' | 'leafHash'>): Promise<void>;
    wake(): void;
  };
  readonly delivering: CaseDelivering;
  readonly deliveries: {
    readonly outbox: { add(queries: Queries, deliveries: readonly Delivery[]): Promise<void> };
    wake(): void;
  };
  readonly clock: Clock;
  readonly moved: (step: PendingStep) => void;
}

interface TakenStep {
  readonly statement: Statement;
  readonly content: GivenStep['content'];
  readonly act?: OwnerAct | undefined;
  readonly besides?: ((queries: Queries) => Promise<void>) | undefined;
}

/** Between the proposal of a payload and its signature; the terms are counted from its `ts`. */
const SIGNING_MS = 5 * 60_000;

/**
 * Carries a case from transition to transition. It promises: nothing is taken that the state machine forbids at that
 * moment; who acts signs exactly what it has said; row, statement and deliveries of a transition are one transaction; and
 * nothing of it counts before the followed log shows its leaf. Of two who act at once one is told `unstamped` or what the
 * case has become. After a crash at any line the statement is there and goes out, or nothing has happened.
 */
export class Cases {
  constructor(private readonly parts: CasesParts) {}

  async find(id: string): Promise<KeptCase> {
    const kept = await this.parts.store.find(id);
    if (kept === undefined) throw correctionErrors.error('case-unknown');
    return kept;
  }

  termsOf(profile: string): Terms {
    const terms = this.parts.terms.get(profile);
    if (terms === undefined) throw correctionErrors.error('terms-unknown', { extensions: { profile } });
    return terms;
  }

  view(): RegistryView {
    const view = this.parts.registry.current();
    if (view === undefined) throw callerErrors.error('registry-unread');
    return view;
  }

  /**
   * An actor's step. `eventOf` says what it is, from the case as it stands; that the actor is who they say was found out
   * before. The same statement again changes nothing.
   */
  async step(id: string, eventOf: (kept: KeptCase) => CaseEvent, given?: GivenStep): Promise<StepOutcome> {
    const { store, clock } = this.parts;
    const kept = await this.find(id);
    if (given === undefined) {
      const atMs = clock.now();
      return { payload: payloadOf(kept, this.judged(kept, eventOf(kept), atMs), atMs) };
    }
    const statement = readSigned(given.statement);
    const known = [kept.pending?.leaf, ...(await store.steps(id)).map(({ leafHash }) => leafHash)];
    if (known.some((leaf) => leaf?.equals(statement.leafHash) === true)) return { standing: standingOfCase(kept) };
    const event = eventOf(kept);
    const step = this.judged(kept, event, this.signedAt(statement));
    this.checkSigner(statement, signerOf(step.statement));
    await this.take(kept, event, { statement, content: given.content, act: given.act });
    return { standing: standingOfCase(await this.find(id)) };
  }

  /**
   * Feedback's own step, signed by itself; nothing if the case has moved on. Whether it was taken. `besides` is written in
   * the same transaction.
   */
  async act(kept: KeptCase, event: CaseEvent, besides?: (queries: Queries) => Promise<void>): Promise<boolean> {
    const { clock, statements } = this.parts;
    const atMs = clock.now();
    const step = nextStep(kept, event, this.termsOf(kept.record.profile), atMs);
    if (!step.ok) return false;
    const statement = await statements.sign(payloadOf(kept, step.value, atMs));
    await this.take(kept, event, { statement, content: undefined, besides });
    return true;
  }

  /**
   * A step that somebody orders who has no part in the case, signed by feedback for them. Throws why it is refused.
   * `besides` keeps their word, in the same transaction.
   */
  async order(
    id: string,
    eventOf: (kept: KeptCase) => CaseEvent,
    content: GivenStep['content'],
    besides: (queries: Queries, leaf: Buffer) => Promise<void>,
  ): Promise<CaseStanding> {
    const kept = await this.find(id);
    const event = eventOf(kept);
    const atMs = this.parts.clock.now();
    const statement = await this.parts.statements.sign(payloadOf(kept, this.judged(kept, event, atMs), atMs));
    await this.take(kept, event, { statement, content, besides: (queries) => besides(queries, statement.leafHash) });
    return standingOfCase(await this.find(id));
  }

  /** Why it would be refused now, as an error; nothing happens. */
  checkEvent(kept: KeptCase, event: CaseEvent): void {
    this.judged(kept, event, this.parts.clock.now());
  }

  /** In a transaction of the case's row; the payload is compared with what the machine says now. */
  private async take(seen: KeptCase, event: CaseEvent, { statement, content, act, besides }: TakenStep): Promise<void> {
    const { store, statements, delivering, deliveries, moved } = this.parts;
    const { ts } = statement.payload;
    checkSealed(content);
    // Sealing takes its time, so outside of the lock: what is sealed is thrown away if the case has moved meanwhile.
    const atOnce = await delivering.atOnce(seen, this.judged(seen, event, ts));
    const pending = await store.transaction(async (queries) => {
      const kept = await store.lock(queries, seen.id);
      if (kept === undefined) throw correctionErrors.error('case-unknown');
      const step = this.judged(kept, event, ts);
      if (!isSamePayload(payloadOf(kept, step, ts), statement.payload))
        throw correctionErrors.error('step-unsound', { extensions: { problem: 'payload' } });
      const pendingStep = pendingOf(step, ts, { contentId: content?.id, act, flagged: atOnce.told });
      if (!(await store.suspend(queries, kept.id, pendingStep, statement.leafHash, content?.sealed)))
        throw correctionErrors.error('case-refused', { extensions: { refusal: 'unstamped' } });
      await statements.keep(queries, statement);
      await besides?.(queries);
      await deliveries.outbox.add(queries, atOnce.deliveries);
      return pendingStep;
    });
    statements.wake();
    deliveries.wake();
    moved(pending);
  }

  /** Throws the refusal, if any, as whoever acts is told it. */
  judged(kept: KeptCase, event: CaseEvent, atMs: number): NextStep {
    if (kept.isAstray) throw correctionErrors.error('case-astray');
    // While a transition is on its way the machine says so itself: its record has no leaf.
    const { record, deadlines } = kept.pending ?? kept;
    const step = nextStep({ record, deadlines }, event, this.termsOf(kept.record.profile), atMs);
    if (!step.ok) throw refusedCase(step.reason);
    return step.value;
  }

  /** The terms count from it, so it has to be the time of signing. */
  signedAt({ payload }: Statement): number {
    if (Math.abs(payload.ts - this.parts.clock.now()) > SIGNING_MS)
      throw correctionErrors.error('step-unsound', { extensions: { problem: 'time' } });
    return payload.ts;
  }

  checkSigner(statement: Statement, signer: SubsystemId): void {
    const jwk = signingKeyOf(this.view(), signer, statement.kid, this.parts.clock.now());
    if (jwk === undefined || !verifyStatement(statement, jwk))
      throw correctionErrors.error('step-unsound', { extensions: { problem: 'signer' } });
  }
}

export function readSigned(jws: string): Statement {
  const parsed = parseStatement(jws);
  if (!parsed.ok) throw correctionErrors.error('step-unsound', { extensions: { problem: parsed.reason } });
  return parsed.value;
}

/** A box of the right form; whether it opens is seen by whom it is for. */
export function checkSealed(content: GivenStep['content']): void {
  if (content === undefined) return;
  try {
    decode(SealedSchema, content.sealed);
  } catch {
    // Bytes of another kind: their sender's fault, an answer.
    throw correctionErrors.error('case-outline', { extensions: { problem: 'sealed' } });
  }
}

interface PendingExtras {
  readonly contentId?: string | undefined;
  readonly act?: OwnerAct | undefined;
  /** Who is told of a flag at once. */
  readonly flagged?: readonly string[];
}

export function pendingOf(
  { statement, record, deadlines, told, signals, dueMs }: NextStep,
  atMs: number,
  { contentId, act, flagged = [] }: PendingExtras = {},
): PendingStep {
  return {
    ...{ record, deadlines, type: statement.t, atMs, told, signals },
    ...(statement.why === undefined ? {} : { why: statement.why }),
    ...(dueMs === undefined ? {} : { dueMs }),
    ...(contentId === undefined ? {} : { contentId }),
    ...(act === undefined || !('salt' in act) ? {} : { act }),
    ...(flagged.length === 0 ? {} : { flagged }),
  };
}

function payloadOf({ id }: Pick<KeptCase, 'id'>, { statement, dueMs }: NextStep, atMs: number): CasePayload {
  return casePayload(statement, { caseId: id, atMs, dueMs });
}

/** Operator and supervisor act through feedback, which signs for them: their steps come by `act`. */
function signerOf({ signer, from, to }: Pick<CaseStatement, 'signer' | 'from' | 'to'>): SubsystemId {
  if (signer === 'feedback') throw correctionErrors.error('step-unsound', { extensions: { problem: 'signer' } });
  return signer === 'from' ? from : to;
}

/** Whether it is of the right form, and sealed under a key that they have published. */
export function isSealedFor(view: RegistryView, reader: SubsystemId, content: GivenContent | undefined): boolean {
  checkSealed(content);
  const kid = content === undefined ? undefined : decode(SealedSchema, content.sealed).kid;
  return view.keysOf(reader).some((key) => key.use === 'seal' && key.kid === kid);
}
