import Decoder from 'kafkajs/src/protocol/decoder.js';

type ReadHeader = (decoder: RecordDecoder) => unknown;

/** The part of kafkajs' `Decoder` that reads the headers of a record; not in its type declarations. */
export interface RecordDecoder {
  readVarInt(): number;
  readVarIntArray(readHeader: ReadHeader): unknown[];
}

interface RecordDecoderClass {
  new (bytes: Buffer): RecordDecoder;
  prototype: { readVarIntArray: (this: RecordDecoder, readHeader: ReadHeader) => unknown[] };
}

/** A dead letter of a stamp has eight; the rest is for what other tools add on the way. */
export const MAX_HEADERS = 64;

/** kafkajs' own class; it reads no other arrays in this way than the headers of a record. */
export function recordDecoderClass(): RecordDecoderClass {
  const found: unknown = Decoder;
  return found as RecordDecoderClass;
}

/** The headers end the record, whose bytes were cut out before: what is not read is in nobody's way. */
function readFirstHeaders(this: RecordDecoder, readHeader: ReadHeader): unknown[] {
  const count = Math.min(this.readVarInt(), MAX_HEADERS);
  const headers: unknown[] = [];
  for (let read = 0; read < count; read += 1) headers.push(readHeader(this));
  return headers;
}

/**
 * kafkajs 2.2.4 copies all headers of a record once for each of them. A record of 1 MB has room for 100,000, which stop
 * the whole process that reads it for an hour, and again at each redelivery; so only the first ones are read. Once per
 * process, before the first connection; more often does no harm.
 */
export function boundRecordHeaders(): void {
  recordDecoderClass().prototype.readVarIntArray = readFirstHeaders;
}
