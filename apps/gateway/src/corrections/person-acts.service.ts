import { readContent, valueHash } from '#corrections';
import { CASE_KINDS } from '#deliveries';
import { fromBase64Url, newExchangeId, parseSubsystemId, type SubsystemId } from '#kernel';
import type { CaseSteps, Standing } from './case-steps.service.js';
import { gatewayCorrectionErrors } from './corrections.errors.js';
import { flawExtensions, freshSalt } from './filing.js';

/** A person's answer to the owner's question; `attachments` as they came. */
export interface GivenAnswer {
  readonly text: string;
  readonly attachments?: unknown;
}

/** What a person does in their case through this portal; feedback says whether it is theirs and whether it may be now. */
export class PersonActs {
  constructor(private readonly steps: CaseSteps) {}

  withdraw(consumer: SubsystemId, endUser: string, id: string): Promise<Standing> {
    const asker = this.steps.asker(consumer, endUser);
    return this.steps.step(asker, stepsOf(id), { act: 'withdraw' }, { t: 'correction.withdrawn', id });
  }

  appeal(consumer: SubsystemId, endUser: string, id: string): Promise<Standing> {
    const asker = this.steps.asker(consumer, endUser);
    return this.steps.step(asker, stepsOf(id), { act: 'appeal' }, { t: 'correction.reopened', id, why: 'appeal' });
  }

  /** Sealed for whoever owns the case now; if it is transferred meanwhile, feedback refuses and nothing was said. */
  async answer(consumer: SubsystemId, endUser: string, id: string, given: GivenAnswer): Promise<Standing> {
    const asker = this.steps.asker(consumer, endUser);
    const salt = freshSalt();
    const { text, attachments } = readAnswer(given, salt);
    const owner = ownerIn(await this.steps.standing(asker, id));
    const doc = valueHash(fromBase64Url(salt) ?? Buffer.alloc(0), { text, attachments });
    const said = { correctionId: id, salt, text, attachments };
    const sealed = await this.steps.seal(newExchangeId(), CASE_KINDS.info, owner, said);
    const expected = { t: 'correction.info-provided' as const, id, to: owner, doc };
    return this.steps.step(asker, stepsOf(id), { act: 'provide-info', doc }, expected, sealed);
  }
}

function stepsOf(id: string): string {
  return `/v1/corrections/${id}/steps`;
}

/** Judged as the attachments of a request are. */
function readAnswer({ text, attachments = [] }: GivenAnswer, salt: string) {
  const frame = { v: 1, salt, subject: '', exchangeId: newExchangeId(), language: 'en' };
  const content = { ...frame, items: [{ pointer: '', explanation: text }], attachments };
  const read = readContent(Buffer.from(JSON.stringify(content)));
  if (!read.ok)
    throw gatewayCorrectionErrors.error('correction-content-flawed', { extensions: flawExtensions(read.reason) });
  return { text, attachments: read.value.attachments };
}

function ownerIn({ owner }: Standing): SubsystemId {
  const parsed = typeof owner === 'string' ? parseSubsystemId(owner) : undefined;
  if (parsed?.ok !== true) throw gatewayCorrectionErrors.error('corrections-feedback-away');
  return parsed.value;
}
