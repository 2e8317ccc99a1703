import type { InstanceId } from '#kernel';
import { isSequelOf, slotFor, verifyStatement, type RequestedPayload, type Statement } from '#signing';
import { verifyMemberEntry, type MemberEntry } from '#snapshot';

/** An audit instance and the entry of the member that runs it. */
export interface AuditOperator {
  readonly instance: InstanceId;
  readonly entry: MemberEntry;
}

/** Whether this leaf says that nobody told the end of this very request (`statements.md` §2, `b1`). */
export function isBusOutcomeOf(leaf: Statement, requested: Statement<RequestedPayload>): boolean {
  return slotFor(leaf.payload, 'audit') === 'b1' && isSequelOf(leaf, requested);
}

/**
 * Whose audit instance signed the leaf, by the members' own documents: the key stands there under that instance. When
 * it was valid, intake has judged.
 */
export function operatorWhoSigned(leaf: Statement, operators: readonly AuditOperator[]): AuditOperator | undefined {
  return operators.find(({ instance, entry }) => {
    const member = verifyMemberEntry(entry);
    const owner = member.ok ? member.value.document.instances.find(({ id }) => id === instance) : undefined;
    const key = owner?.keys.find(({ kid, use }) => kid === leaf.kid && use === 'sign');
    return key !== undefined && verifyStatement(leaf, key.jwk);
  });
}
