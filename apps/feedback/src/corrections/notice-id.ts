import { hmacSha256 } from '#signing';

/**
 * Id under which a recipient is told and acknowledges: always the same of one case, recipient and occasion, so that a
 * repetition is none; a UUIDv8 that tells nothing of the case to whoever does not have the key.
 */
export function noticeIdOf(nameKey: Uint8Array, caseId: string, recipient: string, occasion: string): string {
  const bytes = Buffer.from(
    hmacSha256(nameKey, Buffer.from(['notice', caseId, recipient, occasion].join('\0'))),
  ).subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
