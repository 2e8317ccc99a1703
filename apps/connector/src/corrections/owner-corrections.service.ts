import {
  caseClientErrors,
  newSalt,
  nextActs,
  type Acknowledgement,
  type CasesQuery,
  type NewValue,
  type Standing,
  type WordedAct,
} from '#case-client';
import type { CorrectionContent, OwnerAct, OwnerActName } from '#corrections';
import type { SubsystemId } from '#kernel';
import type { CaseClients } from './case-clients.service.js';

/** A case as the agency's own system gets it. */
export interface ShownCase {
  readonly standing: Standing;
  /** What its owner can do now. */
  readonly next: readonly OwnerActName[];
  /** What the person says is wrong; absent where it cannot be opened, or is not what was filed. */
  readonly content?: CorrectionContent;
  /** Why it is absent. */
  readonly problem?: string;
}

/** An act to the person, and what the case worker adds in own words. */
export interface WordedAnswer {
  readonly act: WordedAct;
  readonly ownWords: string | undefined;
}

/** Acts whose salt the connector makes. */
const SALTED: ReadonlySet<OwnerActName> = new Set(['request-info', 'decide', 'join']);

/** What the agency's own system does in corrections: in words of its own, signed here with the subsystem's key. */
export class OwnerCorrections {
  constructor(private readonly clients: CaseClients) {}

  list(owner: SubsystemId, query: CasesQuery): Promise<{ cases: Standing[]; next?: string | undefined }> {
    return this.clients.of(owner).list(query);
  }

  async one(owner: SubsystemId, id: string): Promise<ShownCase> {
    const { standing, opened, flaw } = await this.clients.of(owner).read(id);
    const next = standing.isMoving ? [] : nextActs(standing.state);
    const problem = flaw !== undefined && 'problem' in flaw ? `${flaw.code}: ${flaw.problem}` : flaw?.code;
    return {
      ...{ standing, next },
      ...(opened === undefined ? {} : { content: opened.content }),
      ...(problem === undefined ? {} : { problem }),
    };
  }

  receive(owner: SubsystemId, id: string): Promise<Standing> {
    return this.clients.of(owner).receive(id);
  }

  act(owner: SubsystemId, id: string, act: OwnerAct): Promise<Standing> {
    return this.clients.of(owner).act(id, act);
  }

  /** With own words for the person, sealed for the portal that filed. */
  say(owner: SubsystemId, id: string, { act, ownWords }: WordedAnswer): Promise<Standing> {
    const client = this.clients.of(owner);
    if (ownWords === undefined) return client.act(id, act);
    return client.say(id, act, ownWords, (portal) => this.clients.sealingKey(portal));
  }

  /** To whom the registry publishes a key for; the request is sealed anew for it. */
  async transfer(owner: SubsystemId, id: string, act: Extract<OwnerAct, { act: 'transfer' }>): Promise<Standing> {
    const client = this.clients.of(owner);
    const key = this.clients.sealingKey(act.target);
    if (key === undefined) throw caseClientErrors.error('case-target-unknown');
    return client.transfer(id, act, key);
  }

  correct(owner: SubsystemId, id: string, values: readonly NewValue[], effectiveFrom: string): Promise<Standing> {
    return this.clients.of(owner).correct(id, values, effectiveFrom);
  }

  acknowledge(recipient: SubsystemId, noticeId: string, said: Acknowledgement): Promise<unknown> {
    return this.clients.of(recipient).acknowledge(noticeId, said);
  }
}

/** What a body has to be completed by to be an act. */
export function completed(act: OwnerActName, body: object): object {
  return { ...body, act, ...(SALTED.has(act) ? { salt: newSalt() } : {}) };
}
