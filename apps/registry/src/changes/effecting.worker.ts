import type { Bus } from '#bus';
import { fixedTopics, replyTopic } from '#contracts';
import { AppError, sha256, toHex, type Clock } from '#kernel';
import type { Logger } from '#platform';
import { signStatement, type Signer } from '#signing';
import type { DefinitionService } from '../definition/definition.service.js';
import type { ReceiptOutcome } from '../snapshot/receipt.js';
import type { ReplyConsumer } from '../snapshot/reply.consumer.js';
import { MAX_AHEAD_MS } from '../snapshot/stamping.service.js';
import { changeLeaf, type ChangeRecord } from './change-leaf.js';
import { inputOf, reasonOf, type ChangePlanner, type Hindrance, type Planned } from './change-planner.service.js';
import { changeErrors } from './change.errors.js';
import type { ChangeStore, StoredChange, StoredLeaf } from './change.store.js';

export interface EffectingParts {
  readonly instanceId: string;
  readonly store: ChangeStore;
  readonly definitions: DefinitionService;
  readonly planner: ChangePlanner;
  readonly bus: Bus;
  readonly replies: Pick<ReplyConsumer, 'expect'>;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A new snapshot stands in the tables: publish it. */
  readonly publish: () => void;
}

const LOOK_EVERY_MS = 1_000;
const RESTAMP_MS = 250;
const RESTAMP_MAX_MS = 4_000;
/** Intake takes no statement that is older than a day (`statements.md` §2). */
const TOO_OLD_MS = 24 * 3_600_000;

/**
 * Brings approved changes into force, one at a time: leaf, checked receipt, and only then registers and snapshot, in one
 * transaction with the request's last event. The leaf is written down before it is sent. Killed at any place, the next
 * pass finds the leaf that was begun, stamps the same bytes again (the log takes them once) and writes what it announces.
 */
export class EffectingWorker {
  private isStopping = false;
  private wake = Promise.withResolvers<undefined>();
  private loop: Promise<void> | undefined;

  constructor(private readonly parts: EffectingParts) {}

  start(): void {
    this.loop ??= this.run();
  }

  notify(): void {
    this.wake.resolve(undefined);
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    this.notify();
    await this.loop;
  }

  private async run(): Promise<void> {
    while (!this.isStopping) {
      this.wake = Promise.withResolvers<undefined>();
      let isMore = false;
      try {
        isMore = await this.pass();
      } catch (err) {
        // Every pass looks at the tables first, so it is simply tried again.
        this.parts.logger.error({ err: err instanceof AppError ? err : undefined }, 'a change waits, trying again');
      }
      if (!isMore) await this.pause();
    }
  }

  /** True if something was done, so that there may be more. */
  private async pass(): Promise<boolean> {
    const { store, clock } = this.parts;
    const begun = await store.pendingLeaf();
    if (begun !== undefined) return this.finish(begun);
    const due = await store.due(clock.now());
    if (due === undefined) return false;
    const planned = await this.parts.planner.planAgain(inputOf(due), due.changes);
    if (!planned.ok) return this.giveUp(due, planned.reason);
    const leaf = await this.sign(due, planned.value);
    return (await store.beginApplying(due, leaf)) && this.finish(leaf);
  }

  /** What cannot be done any more, or not as both have seen it, is not done. */
  private async giveUp(change: StoredChange, hindrance: Hindrance): Promise<boolean> {
    const reason = reasonOf(hindrance);
    const state = hindrance.kind === 'moved' ? 'SUPERSEDED' : 'REJECTED';
    await this.parts.store.append(change.id, change.events.length + 1, { state, reason, atMs: this.parts.clock.now() });
    this.parts.logger.warn({ changeId: change.id, state }, 'an approved change cannot take effect');
    return true;
  }

  private async sign(change: StoredChange, { plan, present }: Planned): Promise<StoredLeaf> {
    const nowMs = this.parts.clock.now();
    const record = recordOf(change);
    const { payload, opening } = changeLeaf({
      record,
      isEmergency: change.isEmergency,
      nowMs,
      standing: present.standing.snapshot.number,
      next: plan.snapshot.number,
    });
    const { jws, leafHash } = await signStatement(payload, this.parts.signer);
    const number = plan.snapshot.number;
    const said = { changeId: change.id, statement: jws, record, opening, number, signedAtMs: nowMs };
    return { ...said, leafHash, state: 'stamping', index: undefined };
  }

  private async finish(leaf: StoredLeaf): Promise<boolean> {
    const { store, definitions, clock, logger } = this.parts;
    const change = await store.change(leaf.changeId);
    // The leaf has a foreign key to it.
    if (change === undefined) return false;
    const planned = await this.parts.planner.planAgain(inputOf(change), change.changes);
    // Nothing else writes while a leaf is under way.
    if (!planned.ok || planned.value.plan.snapshot.number !== leaf.number)
      throw changeErrors.error('change-superseded');
    if (leaf.state === 'stamping' && !(await this.settle(leaf, change, planned.value))) return false;
    const { plan, present, input } = planned.value;
    const isWritten = await definitions.write(plan, present, input, (queries, version) =>
      store.takeEffect(queries, change, leaf, { state: 'EFFECTIVE', atMs: clock.now(), version }),
    );
    if (!isWritten) throw changeErrors.error('change-superseded');
    logger.info({ changeId: change.id, number: plan.snapshot.number }, 'a change took effect');
    this.parts.publish();
    return true;
  }

  /** True when the leaf is proven to be in the log. Refusals prove nothing, so the same bytes are stamped again. */
  private async settle(leaf: StoredLeaf, change: StoredChange, planned: Planned): Promise<boolean> {
    const { store, clock, logger } = this.parts;
    let waitMs = RESTAMP_MS;
    while (!this.isStopping) {
      const outcome = await this.ask(leaf, waitMs);
      if (outcome?.kind === 'logged') {
        await store.markLogged(leaf.leafHash, outcome.index);
        return true;
      }
      if (outcome?.kind === 'refused') {
        logger.warn({ reason: outcome.reason, changeId: change.id }, 'the log refuses the leaf of a change');
        // It never will take it any more, or not before our clock's lead is over; another one says the same at its time.
        const ageMs = clock.now() - leaf.signedAtMs;
        if (ageMs > TOO_OLD_MS || ageMs < -MAX_AHEAD_MS) {
          await store.replaceLeaf(leaf.leafHash, await this.sign(change, planned));
          return false;
        }
      }
      waitMs = Math.min(waitMs * 2, RESTAMP_MAX_MS);
    }
    return false;
  }

  private async ask(leaf: StoredLeaf, waitMs: number): Promise<ReceiptOutcome | undefined> {
    const { bus, instanceId, replies } = this.parts;
    const answer = replies.expect(leaf.leafHash, waitMs);
    const headers = { reply: replyTopic(instanceId).name };
    await bus.publish([{ topic: fixedTopics.stamp.name, partition: 0, value: Buffer.from(leaf.statement), headers }]);
    return answer;
  }

  private async pause(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => resolve(undefined), LOOK_EVERY_MS);
    await Promise.race([promise, this.wake.promise]);
    clearTimeout(timer);
  }
}

function recordOf(change: StoredChange): ChangeRecord {
  const by = (state: string) => change.events.findLast((event) => event.state === state)?.person ?? '';
  return {
    id: change.id,
    base: change.base,
    changes: change.changes,
    reason: change.reason,
    requestedBy: by('REQUESTED'),
    approvedBy: by('APPROVED'),
    effectiveAtMs: change.effectiveAtMs ?? null,
    input: toHex(sha256(change.input)),
  };
}
