import type { CaseRecipient, CaseRecord } from '#corrections';
import { hmacSha256 } from '#signing';

/** A member that is told, and under which id. */
export interface Notice extends Pick<CaseRecipient, 'subsystem' | 'lastExchangeId'> {
  readonly id: string;
}

/** Transitions by which recipients are told something that is new to them; others only remind. */
export const TELLING: ReadonlySet<string> = new Set(['correction.propagating', 'correction.reopened']);

/** Who is told by the transition `toldSeq` of the case, each under an id of its own: never one of another telling. */
export function noticesOf(nameKey: Uint8Array, { correctionId, recipients }: CaseRecord, toldSeq: number): Notice[] {
  return recipients.map(({ subsystem, lastExchangeId }) => ({
    ...{ subsystem, lastExchangeId, id: noticeIdOf(nameKey, correctionId, subsystem, `s${toldSeq}`) },
  }));
}

/**
 * Id under which a recipient is told and acknowledges: always the same of one case, recipient and occasion, so that a
 * repetition is none; a UUIDv8 that tells nothing of the case to whoever does not have the key.
 */
function noticeIdOf(nameKey: Uint8Array, caseId: string, recipient: string, occasion: string): string {
  const bytes = Buffer.from(
    hmacSha256(nameKey, Buffer.from(['notice', caseId, recipient, occasion].join('\0'))),
  ).subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
