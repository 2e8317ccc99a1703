/** Which way data may flow: to the member that asks, from the member that has them, or both. */
export type LinkDirection = 'TO_MEMBER' | 'FROM_MEMBER' | 'BOTH';

/** What a person has allowed a member. */
export interface LinkTerms {
  /** Subsystem of the member. */
  readonly member: string;
  /** Subsystem through which the person has allowed it. */
  readonly portal: string;
  readonly direction: LinkDirection;
  /** Services and purposes that it is for; an empty list is any of them, and both are never empty. */
  readonly services: readonly string[];
  readonly purposes: readonly string[];
  /** Version of the notice that the person has read. */
  readonly notice: string;
  readonly untilMs?: number | undefined;
}

/** A call that needs a link. */
export interface LinkedCall {
  readonly consumer: string;
  readonly provider: string;
  readonly service: string;
  readonly purpose: string;
}

const MAX_REF = 255;

/** Whether a link that was not revoked allows that call at that time. */
export function allows(terms: LinkTerms, call: LinkedCall, atMs: number): boolean {
  if (terms.untilMs !== undefined && terms.untilMs <= atMs) return false;
  if (terms.services.length > 0 && !terms.services.includes(call.service)) return false;
  if (terms.purposes.length > 0 && !terms.purposes.includes(call.purpose)) return false;
  const isTo = terms.member === call.consumer && terms.direction !== 'FROM_MEMBER';
  const isFrom = terms.member === call.provider && terms.direction !== 'TO_MEMBER';
  return isTo || isFrom;
}

/** The terms as their leaf holds them; undefined where they do not fit into it. */
export function refOf({ direction, services, purposes, notice }: LinkTerms): string | undefined {
  const parts = [direction, `notice=${notice}`];
  if (services.length > 0) parts.push(`services=${services.join(',')}`);
  if (purposes.length > 0) parts.push(`purposes=${purposes.join(',')}`);
  const text = parts.join(';');
  return text.length > MAX_REF ? undefined : text;
}
