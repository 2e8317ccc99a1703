import { ok, refuse, type Clock, type Result } from '#kernel';
import { patientSigner } from '#signing';
import type { RegistryView } from '#snapshot';
import type { DeadReason } from './dispatch.errors.js';
import type { Judged } from './dispatch.js';
import type { DropReason } from './dispatch-events.js';
import { canJudge, checkListener, checkSignature, effectiveDeadlineMs, timeliness, type Envelope } from './envelope.js';
import { keyTimeMs, type HeldKeys } from './held-keys.js';
import type { RegistryReader, RegistryWaits } from './registry-waits.service.js';

/** Why a request goes no further: nobody is told, or its record goes to the dead letters. */
export type LetGo =
  { readonly kind: 'drop'; readonly reason: DropReason } | { readonly kind: 'dead'; readonly reason: DeadReason };

export interface JudgementDeps {
  readonly copy: RegistryReader;
  readonly waits: RegistryWaits;
  readonly keys: HeldKeys;
  readonly clock: Clock;
}

/**
 * Who sent a request, and whether we may work for the subsystem that it asks (`bus.md` §4.3). Until this has said yes,
 * every field is a stranger's: what can be refused without waiting is refused first, and nothing that the record itself
 * names – number, key, deadline – makes it wait longer than `RegistryWaits` allows.
 */
export class Judgement {
  constructor(private readonly deps: JudgementDeps) {}

  /**
   * `recordMs`: the broker's time of its record. `mayBeSeen`: an outcome of it may be kept here, which is sent again also
   * when it is late.
   */
  async judge(envelope: Envelope, recordMs: number, mayBeSeen: boolean): Promise<Result<Judged, LetGo>> {
    const { copy, keys, clock } = this.deps;
    const startedMs = clock.now();
    const met = { nowMs: startedMs, recordMs };
    const when = timeliness(envelope, effectiveDeadlineMs(copy.current(), envelope), met);
    if (when !== 'in-time' && !mayBeSeen) return drop(when);
    const found = await this.view(envelope, when === 'in-time');
    if (!found.ok) return found;
    const view = found.value;
    const receiptTopic = view.topicsOf(envelope.provider)?.receipt;
    if (receiptTopic === undefined || keys.strangers(view, envelope.provider).length > 0)
      return drop('subsystem-stopped');
    const signer = keys.signer(view, envelope.provider, this.keyTimeMs());
    if (signer === undefined) return drop('subsystem-stopped');
    const deadlineMs = effectiveDeadlineMs(view, envelope);
    return ok({
      envelope,
      view,
      route: { receiptTopic, replyTopic: envelope.request.replyTopic },
      signer: patientSigner(signer, deadlineMs, () => clock.now()),
      deadlineMs,
      startedMs,
    });
  }

  /** The snapshot that stands now. */
  standing(): RegistryView | undefined {
    return this.deps.copy.current();
  }

  /** The snapshot that judges it, by which its origin is checked: the one we have, if it is new enough. */
  private async view(envelope: Envelope, inTime: boolean): Promise<Result<RegistryView, LetGo>> {
    const { copy, waits } = this.deps;
    const current = copy.current();
    let standing: 'verified' | 'unverified' = 'unverified';
    if (current?.keyOf(envelope.consumer, envelope.requested.kid) !== undefined) {
      const signed = checkSignature(current, envelope, this.keyTimeMs());
      if (!signed.ok) return dead(signed.reason);
      standing = 'verified';
    }
    // A newer snapshot than ours may know a gateway that ours does not; of an older one ours is the judge.
    if (current !== undefined && current.number >= envelope.requested.payload.snap) {
      const listener = checkListener(current, envelope);
      if (!listener.ok) return dead(listener.reason);
      if (canJudge(current, envelope)) return ok(current);
    }
    const untilMs = inTime ? effectiveDeadlineMs(current, envelope) : Infinity;
    const view = await waits.viewFor(envelope, standing, untilMs);
    if (view === undefined) return this.unjudged(envelope);
    const signed = checkSignature(view, envelope, this.keyTimeMs());
    if (!signed.ok) return dead(signed.reason);
    const listener = checkListener(view, envelope);
    return listener.ok ? ok(view) : dead(listener.reason);
  }

  /** Keys, the consumer's and ours, are held against the time by which the log does it. */
  private keyTimeMs(): number {
    return keyTimeMs(this.deps.copy.manifestStatement, this.deps.clock);
  }

  /** No snapshot came that could judge it: too new for us, or signed by nobody that the registry knows. */
  private unjudged(envelope: Envelope): Result<never, LetGo> {
    const view = this.deps.copy.current();
    if (view === undefined) return drop('registry-expired');
    return view.number < envelope.requested.payload.snap ? drop('registry-behind') : dead('signer-unknown');
  }
}

function drop(reason: DropReason): Result<never, LetGo> {
  return refuse({ kind: 'drop', reason });
}

function dead(reason: DeadReason): Result<never, LetGo> {
  return refuse({ kind: 'dead', reason });
}
