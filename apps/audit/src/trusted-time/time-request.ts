import { randomBytes } from 'node:crypto';
import { Integer, Null, OctetString } from 'asn1js';
import { AlgorithmIdentifier, MessageImprint, TimeStampReq } from 'pkijs';
import { sha256 } from '#kernel';

export const SHA256_OID = '2.16.840.1.101.3.4.2.1';
const NONCE_BYTES = 16;

/** What is stamped of a checkpoint (`audit-log.md` §5): its first three lines with their newlines, whoever signed them. */
export function stampedText(note: string): Buffer {
  return Buffer.from(note.slice(0, note.lastIndexOf('\n\n') + 1));
}

/** What was asked, and what the answer must repeat. */
export interface TimeRequest {
  readonly der: Buffer;
  readonly text: Buffer;
  /** SHA-256 of `text`. */
  readonly imprint: Buffer;
  /** Content octets of the INTEGER: positive and without a leading zero. */
  readonly nonce: Buffer;
}

/** A request with nonce and certificates wanted (RFC 3161 §2.4.1); none is ever sent twice. */
export function timeRequest(text: Buffer, nonce = freshNonce()): TimeRequest {
  const imprint = sha256(text);
  const request = new TimeStampReq({
    version: 1,
    messageImprint: new MessageImprint({
      hashAlgorithm: new AlgorithmIdentifier({ algorithmId: SHA256_OID, algorithmParams: new Null() }),
      hashedMessage: new OctetString({ valueHex: new Uint8Array(imprint).buffer }),
    }),
    nonce: new Integer({ valueHex: new Uint8Array(nonce).buffer }),
    certReq: true,
  });
  return { der: Buffer.from(request.toSchema().toBER()), text, imprint, nonce };
}

function freshNonce(): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  // The first octet lies in 40…7f: DER has one spelling of it then, and it is positive.
  nonce[0] = ((nonce[0] ?? 0) & 0x3f) | 0x40;
  return nonce;
}
