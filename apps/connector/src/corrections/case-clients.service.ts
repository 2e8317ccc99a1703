import { CaseClient, caseClientErrors } from '#case-client';
import type { Clock, SubsystemId } from '#kernel';
import type { KeyRing, Statement } from '#signing';
import type { RegistryView } from '#snapshot';
import { HeldKeys, keyTimeMs } from '../dispatch/held-keys.js';
import { noticeErrors } from '../notices/notices.errors.js';

export interface CaseClientsParts {
  /** Empty: corrections are not served here. */
  readonly feedbackUrl: string;
  readonly timeoutMs: number;
  readonly registry: {
    current(): RegistryView | undefined;
    readonly manifestStatement: Pick<Statement, 'payload'> | undefined;
  };
  readonly keys: KeyRing;
  readonly clock: Clock;
}

/** Speaks to feedback in the name of each subsystem whose keys are held here, with the key that the registry publishes. */
export class CaseClients {
  private readonly held: HeldKeys;

  constructor(private readonly parts: CaseClientsParts) {
    this.held = new HeldKeys(parts.keys);
  }

  get isServed(): boolean {
    return this.parts.feedbackUrl !== '';
  }

  /** Throws `case-feedback-unset` where there is no feedback. */
  of(subsystem: SubsystemId): CaseClient {
    const { feedbackUrl, timeoutMs, keys } = this.parts;
    if (!this.isServed) throw caseClientErrors.error('case-feedback-unset');
    return new CaseClient({
      ...{ feedbackUrl, subsystem, timeoutMs },
      signer: () => this.signer(subsystem),
      unsealKey: (to, kid) => keys.unsealKey(to, kid),
    });
  }

  /** By the signed snapshot: nobody else can say for whom a request is sealed. */
  sealingKey(subsystem: SubsystemId) {
    return this.view().sealingKey(subsystem, this.parts.clock.now());
  }

  private signer(subsystem: SubsystemId) {
    const { registry, clock } = this.parts;
    const signer = this.held.signer(this.view(), subsystem, keyTimeMs(registry.manifestStatement, clock));
    if (signer === undefined) throw noticeErrors.error('notice-keys-unknown');
    return signer;
  }

  private view(): RegistryView {
    const view = this.parts.registry.current();
    if (view === undefined) throw noticeErrors.error('notice-keys-unknown');
    return view;
  }
}
