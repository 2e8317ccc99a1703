import type { TypedSubject } from '#signing';
import type { AccessRow } from '../access-history/access-row.js';

/** One use of a person's data, as portals of the Estonian `findUsage` contract 2.1.0 read it. */
export interface Usage {
  readonly logtime: string;
  /** Why: the purpose, and what was asked for. */
  readonly action: string;
  readonly receiverCode: string;
  readonly receiverName?: string;
  readonly receiverSystem: string;
}

/** An access to the person's data; what they did themselves is none. */
export function usageOf({ at, purpose, service, consumer }: AccessRow): Usage {
  const [, , member = '', subsystem = ''] = consumer.id.split('/');
  return {
    logtime: at,
    action: `${purpose.title ?? purpose.code}: ${service.title ?? service.id}`,
    receiverCode: member,
    ...(consumer.name === undefined ? {} : { receiverName: consumer.name }),
    receiverSystem: subsystem,
  };
}

/** How the contract spells a person: country and code without anything between, as in `EE12345678901`, or the code alone. */
export function isSpelled(code: string, { country, code: own }: TypedSubject): boolean {
  return code === own || code === `${country}${own}`;
}
