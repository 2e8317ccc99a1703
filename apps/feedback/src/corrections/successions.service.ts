import { LRUCache } from 'lru-cache';
import type { CaseEvent, ContentOutline } from '#corrections';
import type { Clock, SubsystemId } from '#kernel';
import type { RegistryView } from '#snapshot';
import { standingOfCase, type CaseStanding } from './case-standing.js';
import type { CaseStore } from './case.store.js';
import { isSealedFor, type Cases, type GivenStep } from './cases.service.js';
import { correctionErrors } from './corrections.errors.js';
import type { KeptCase } from './kept-case.js';
import { isSameOutline } from './same-outline.js';
import { moveOf, type Move } from './succession-move.js';
import type { SuccessionStore } from './succession.store.js';

export interface SuccessionsParts {
  readonly store: Pick<CaseStore, 'find'>;
  readonly found: SuccessionStore;
  readonly cases: Cases;
  readonly registry: { current(): RegistryView | undefined };
  readonly clock: Clock;
  /** A case that cannot go to who succeeds its owner, since nobody has sealed it anew. */
  readonly stranded: (caseId: string, successor: SubsystemId) => void;
  readonly failed: (cause: unknown) => void;
}

/** What a gateway has to seal anew, and for whom. */
export interface WantedSealing {
  readonly correctionId: string;
  readonly successor: SubsystemId;
}

/** With the copy that only the gateway which filed it opens: all that the new box has to say. */
export interface SealingOrder extends WantedSealing {
  /** base64url. */
  readonly copy: string;
}

export interface SealedAnew {
  readonly successor: string;
  readonly outline: ContentOutline;
  readonly content: NonNullable<GivenStep['content']>;
}

const PER_ROUND = 20;
const PAGE = 100;
const MOST_TOLD = 10_000;
/** Gateways ask every half a minute; one that has not sealed in this time is away. */
const PATIENCE_MS = 60 * 60_000;

/**
 * Open cases of a subsystem that is succeeded go to its successor (E56), each by a step that feedback states. Promises: no
 * hop is counted, no clock touched, and nobody becomes the owner of a request that they cannot open: the gateway that
 * filed it seals it anew, whom feedback believes only what the outline of the filing says as well. Where it cannot, the
 * case stays, its clocks run and an operator is woken. A crash at any line leaves the case with one of the two.
 */
export class Successions {
  /** Where the next round goes on; those who wait for their gateway hold up nobody behind them. Written by `keepUp`. */
  private after: string | undefined;
  /** Cases of which an operator was told, written by `note`; after a restart each is told again. */
  private readonly told = new LRUCache<string, true>({ max: MOST_TOLD });

  constructor(private readonly parts: SuccessionsParts) {}

  /** Moves what can be moved without a new box, a few cases at a time. */
  async keepUp(): Promise<void> {
    const { registry, clock, found } = this.parts;
    const formers = registry.current()?.successors.formers(clock.now()) ?? [];
    if (formers.length === 0) return;
    const ids = await found.ofParties(formers, this.after, PER_ROUND);
    for (const id of ids) await this.guarded(id);
    this.after = ids.length < PER_ROUND ? undefined : ids.at(-1);
  }

  /** For the gateway of a portal: cases whose request it has to seal for somebody else, the oldest first. */
  async wanted(portal: SubsystemId, after: string | undefined): Promise<{ sealings: WantedSealing[]; next?: string }> {
    const { registry, clock, found, store } = this.parts;
    const formers = registry.current()?.successors.formers(clock.now()) ?? [];
    if (formers.length === 0) return { sealings: [] };
    const ids = await found.toSeal(portal, formers, after, PAGE);
    const kept = await Promise.all(ids.map((id) => store.find(id)));
    const sealings = kept.flatMap((one) => {
      const move = one && this.moveOf(one);
      return move?.needsContent === true ? [{ correctionId: one?.id ?? '', successor: move.successor }] : [];
    });
    const next = ids.length < PAGE ? undefined : ids.at(-1);
    return { sealings, ...(next === undefined ? {} : { next }) };
  }

  async order(portal: SubsystemId, id: string): Promise<SealingOrder> {
    const kept = await this.ofPortal(portal, id);
    const move = this.moveOf(kept);
    const copy = await this.parts.found.copyOf(id);
    // It has moved meanwhile: nothing of it is handed out any more.
    if (move?.needsContent !== true || copy === undefined) throw correctionErrors.error('case-unknown');
    return { correctionId: id, successor: move.successor, copy: copy.toString('base64url') };
  }

  /** The request, sealed for who succeeds its reader: the case is theirs once the log shows it. Repeated it changes nothing. */
  async seal(portal: SubsystemId, id: string, { successor, outline, content }: SealedAnew): Promise<CaseStanding> {
    const { cases } = this.parts;
    const kept = await this.ofPortal(portal, id);
    if (content.id === (kept.pending?.contentId ?? kept.contentId)) return standingOfCase(kept);
    const move = this.moveOf(kept);
    const problem =
      move?.needsContent !== true || move.successor !== successor
        ? 'successor'
        : isSameOutline(outline, kept.details.outline)
          ? undefined
          : 'outline';
    if (problem !== undefined || move === undefined)
      throw correctionErrors.error('case-outline', { extensions: { problem } });
    if (!isSealedFor(cases.view(), move.successor, content))
      throw correctionErrors.error('case-outline', { extensions: { problem: 'sealed' } });
    return cases.order(
      id,
      () => eventOf(move),
      content,
      () => Promise.resolve(),
    );
  }

  private async ofPortal(portal: SubsystemId, id: string): Promise<KeptCase> {
    const kept = await this.parts.cases.find(id);
    if (kept.record.portal !== portal || kept.record.seq === 0) throw correctionErrors.error('case-unknown');
    return kept;
  }

  private async guarded(id: string): Promise<void> {
    try {
      await this.advance(id);
    } catch (cause) {
      // What is wrong with one case holds up no other; it comes again in a later round.
      this.parts.failed(cause);
    }
  }

  private async advance(id: string): Promise<void> {
    const { store, cases } = this.parts;
    const kept = await store.find(id);
    const move = kept === undefined || kept.pending !== undefined ? undefined : this.moveOf(kept);
    if (kept === undefined || move === undefined) return;
    if (move.needsContent) await this.note(kept, move);
    else await cases.act(kept, eventOf(move));
  }

  /** Once: at once where no gateway has a copy, else when it has had its time. */
  private async note({ id, filedMs }: KeptCase, { former, successor }: Move): Promise<void> {
    const { registry, clock, found, stranded } = this.parts;
    if (this.told.has(id)) return;
    const sinceMs = registry.current()?.successors.sinceMs(former) ?? 0;
    const isLate = clock.now() - Math.max(sinceMs, filedMs) > PATIENCE_MS;
    if (!isLate && (await found.copyOf(id)) !== undefined) return;
    this.told.set(id, true);
    stranded(id, successor);
  }

  private moveOf(kept: KeptCase): Move | undefined {
    const { registry, clock } = this.parts;
    const nowMs = clock.now();
    const successors = registry.current()?.successors;
    return successors && moveOf(kept, (one) => successors.resolve(one, nowMs));
  }
}

function eventOf({ former, successor }: Move): CaseEvent {
  return { type: 'succeed', by: { role: 'feedback' }, former, successor };
}
