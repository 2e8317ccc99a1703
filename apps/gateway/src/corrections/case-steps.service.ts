import type { Clock, SubsystemId } from '#kernel';
import { sealDelivery, type CaseDeliveryKind } from '#deliveries';
import { SealingSessions, signStatement, type Signer } from '#signing';
import type { RegistryView } from '#snapshot';
import { exchangeErrors } from '../exchange/exchange.errors.js';
import { gatewayCorrectionErrors } from './corrections.errors.js';
import type { Asker, FeedbackCases } from './feedback-cases.service.js';
import { soundPayload, type ExpectedPayload } from './proposed-payload.js';

export interface CaseStepsParts {
  readonly registry: { current(): RegistryView | undefined };
  readonly keys: {
    agree(consumer: SubsystemId): boolean;
    signer(view: RegistryView, consumer: SubsystemId): Signer | undefined;
  };
  readonly feedback: FeedbackCases;
  readonly clock: Clock;
}

/** As feedback shows a case; passed on, and read only where it is needed. */
export type Standing = Readonly<Record<string, unknown>>;

/** What is for the other side of the case alone. */
export interface SealedContent {
  readonly id: string;
  /** base64url. */
  readonly sealed: string;
  /** Of a request: as this gateway alone opens it, base64url. */
  readonly copy?: string;
}

/** Takes one step of a case in a consumer's name: asks what would be signed, looks whether it is that, signs and sends it. */
export class CaseSteps {
  private readonly sessions = new SealingSessions();

  constructor(private readonly parts: CaseStepsParts) {}

  view(): RegistryView {
    const view = this.parts.registry.current();
    if (view === undefined) throw exchangeErrors.error('registry-expired');
    return view;
  }

  /** Throws where the consumer's traffic has to stop: then nothing is signed for it here either. */
  asker(consumer: SubsystemId, endUser?: string): Asker {
    const { keys } = this.parts;
    const signer = keys.agree(consumer) ? keys.signer(this.view(), consumer) : undefined;
    if (signer === undefined) throw exchangeErrors.error('consumer-stopped');
    return { consumer, signer, ...(endUser === undefined ? {} : { endUser }) };
  }

  /**
   * Two calls with the same body. After a rejection with `corrections-feedback-away` it is not known whether it was taken;
   * asked again, feedback says so by refusing or by the standing.
   */
  async step(
    asker: Asker,
    path: string,
    body: object,
    expected: Omit<ExpectedPayload, 'from'>,
    content?: SealedContent,
  ): Promise<Standing> {
    const { feedback, clock } = this.parts;
    const proposed = await feedback.post(path, body, asker);
    const own = { ...expected, from: asker.consumer };
    const payload = soundPayload(proposed['payload'], own, clock.now());
    if (payload === undefined) throw gatewayCorrectionErrors.error('corrections-payload-alien');
    const { jws: statement } = await signStatement(payload, asker.signer);
    const given = { ...body, statement, ...(content === undefined ? {} : { content }) };
    return standingIn(await feedback.post(path, given, asker));
  }

  standing(asker: Asker, id: string): Promise<Standing> {
    return this.parts.feedback.get(`/v1/corrections/${id}`, asker);
  }

  async seal(id: string, kind: CaseDeliveryKind, to: SubsystemId, content: object): Promise<SealedContent> {
    const nowMs = this.parts.clock.now();
    const key = this.view().sealingKey(to, nowMs);
    if (key === undefined) throw gatewayCorrectionErrors.error('correction-owner-unsealable');
    const session = await this.sessions.take(to, key, nowMs);
    return { id, sealed: Buffer.from(sealDelivery({ id, kind, to }, content, session)).toString('base64url') };
  }
}

function standingIn({ standing }: Readonly<Record<string, unknown>>): Standing {
  if (typeof standing !== 'object' || standing === null)
    throw gatewayCorrectionErrors.error('corrections-feedback-away');
  return standing as Standing;
}
