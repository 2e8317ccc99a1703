import { randomBytes } from 'node:crypto';
import { outlineOf, valueHash } from '#corrections';
import { correctionTopic } from '#contracts';
import { CASE_KINDS, openDelivery, readCorrected, readDelivery, type CorrectedContent } from '#deliveries';
import { toBase64Url, type SubsystemId } from '#kernel';
import { eventually, uniqueName } from '#testing';
import type { CaseStanding } from '../../apps/feedback/src/corrections/case-standing.js';
import { OWNER, type FiledCase, type Filing, type Said } from './filing.js';

export const NEW_VALUE = '1990-01-02';
const newSalt = () => toBase64Url(randomBytes(32));

/** An owner that corrects, and members that hear of it. */
export class Correcting {
  private readonly told = new Map<SubsystemId, CorrectedContent[]>();

  constructor(private readonly filing: Filing) {}

  /** Whose data an exchange was about is known. */
  async indexed(exchangeId: string): Promise<void> {
    const { feedback } = await this.filing.network.databases();
    const about = 'SELECT FROM subject_access AS access JOIN exchange ON leaf_hash = exchange WHERE exchange_id = $1';
    await eventually(async () => (await feedback.query(about, [exchangeId])).length > 0, { timeoutMs: 30_000 });
  }

  /** From ROUTED on until the owner has corrected the first item and its recipients are told; what the portal shows of it then. */
  async correct(code: string, made: FiledCase): Promise<CaseStanding> {
    await this.owner(code, made.id, { act: 'receive', receiptOver: outlineOf(made.content).digest }, 'RECEIVED');
    return this.decide(code, made);
  }

  /** From RECEIVED or REOPENED on. */
  async decide(code: string, made: FiledCase): Promise<CaseStanding> {
    const { salt } = made;
    await this.owner(code, made.id, { act: 'start' }, 'IN_REVIEW');
    const decision = {
      ...{
        act: 'decide',
        outcome: 'ACCEPTED',
        reasonCode: 'error-confirmed',
        legalRef: 'Act 1, section 2',
        remedies: [],
      },
      ...{ accepted: [0], approvedBy: 'p1', salt: newSalt() },
    };
    await this.owner(code, made.id, decision, 'ACCEPTED');
    const values = [{ item: 0, newValueHash: valueHash(salt, NEW_VALUE) }];
    const corrected = { act: 'correct', values, effectiveFrom: '2026-11-01', salt: newSalt() };
    return this.owner(code, made.id, corrected, 'PROPAGATING');
  }

  /** What this member was told of corrections so far, once it is told at least this often. */
  async notices(member: SubsystemId, atLeast: number): Promise<readonly CorrectedContent[]> {
    const told = await this.heardBy(member);
    await eventually(() => told.length >= atLeast, { timeoutMs: 30_000 });
    return told;
  }

  acknowledge(member: SubsystemId, noticeId: string, said: object = { action: 'APPLIED' }): Promise<Said> {
    const path = `/v1/recipient/corrections/${noticeId}/acknowledgement`;
    return this.filing.memberStep(member, path, { salt: newSalt(), ...said });
  }

  private async owner(code: string, id: string, act: object, ...states: readonly string[]): Promise<CaseStanding> {
    const { status, body } = await this.filing.memberStep(OWNER, `/v1/owner/corrections/${id}/steps`, act);
    if (status !== 200) throw new TypeError(JSON.stringify(body));
    return this.filing.until(code, id, ({ state }) => states.includes(state));
  }

  private async heardBy(member: SubsystemId): Promise<CorrectedContent[]> {
    const known = this.told.get(member);
    if (known !== undefined) return known;
    const told: CorrectedContent[] = [];
    this.told.set(member, told);
    const { audit, bus } = this.filing.network;
    const { seal } = audit.world.keysOf(member);
    await bus.subscribe({
      topics: [correctionTopic(member).name],
      group: uniqueName('spec'),
      startAt: { kind: 'earliest' },
      maxInFlight: 10,
      onError: () => undefined,
      each: async ({ value }) => {
        const read = readDelivery(value);
        if (!read.ok || read.value.head.kind !== CASE_KINDS.corrected) return;
        const opened = await openDelivery(read.value.head, read.value.sealed, () => seal);
        const content = opened.ok ? readCorrected(opened.value) : undefined;
        if (content !== undefined) told.push(content);
      },
    });
    return told;
  }
}
