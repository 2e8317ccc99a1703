import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { outlineOf, valueHash, type CaseState, type OwnerAct } from '#corrections';
import { toBase64Url, type SubsystemId } from '#kernel';
import type { DecisionReason } from '#signing';
import type { CaseStanding } from '../../apps/feedback/src/corrections/case-standing.js';
import { OWNER, type Filed, type FiledCase, type Filing } from './filing.js';

export const CODE = 'TEST000001';
const salt = () => toBase64Url(randomBytes(32));

/** A case whose owner acts; each step is waited for until the log shows it. */
export class CaseWalk {
  constructor(
    private readonly filing: Filing,
    readonly made: FiledCase,
    private readonly code = CODE,
  ) {}

  static async filed(filing: Filing, code = CODE, more: Partial<Filed> = {}): Promise<CaseWalk> {
    const exchangeId = await filing.seen(code);
    return new CaseWalk(filing, await filing.routed({ code, exchangeId, ...more }), code);
  }

  get id(): string {
    return this.made.id;
  }

  async act(act: OwnerAct, state: CaseState, owner: SubsystemId = OWNER): Promise<CaseStanding> {
    const step = () => this.filing.memberStep(owner, `/v1/owner/corrections/${this.id}/steps`, act);
    let said = await step();
    // A step of feedback's own may be on its way to the log.
    for (let again = 0; again < 50 && said.body['refusal'] === 'unstamped'; again += 1) {
      await delay(100);
      said = await step();
    }
    if (said.status !== 200) throw new TypeError(JSON.stringify(said.body));
    return this.until(state);
  }

  until(state: CaseState): Promise<CaseStanding> {
    return this.filing.until(this.code, this.id, (standing) => standing.state === state);
  }

  received(owner: SubsystemId = OWNER): Promise<CaseStanding> {
    return this.act({ act: 'receive', receiptOver: outlineOf(this.made.content).digest }, 'RECEIVED', owner);
  }

  async reviewed(): Promise<void> {
    await this.received();
    await this.act({ act: 'start' }, 'IN_REVIEW');
  }

  rejected(): Promise<CaseStanding> {
    return this.decided('REJECTED', 'data-correct', []);
  }

  accepted(): Promise<CaseStanding> {
    return this.decided('ACCEPTED', 'error-confirmed', [0]);
  }

  private decided(
    outcome: 'ACCEPTED' | 'REJECTED',
    reasonCode: DecisionReason,
    accepted: number[],
  ): Promise<CaseStanding> {
    const said = { outcome, reasonCode, accepted, legalRef: 'Art. 5', remedies: ['appeal'], approvedBy: 'w-1' };
    return this.act({ act: 'decide', ...said, salt: salt() }, outcome);
  }

  /** The recipients are being told afterwards. */
  corrected(): Promise<CaseStanding> {
    const values = [{ item: 0, newValueHash: valueHash(this.made.salt, '1990-01-02') }];
    return this.act({ act: 'correct', values, effectiveFrom: '1990-01-02', salt: salt() }, 'PROPAGATING');
  }
}
