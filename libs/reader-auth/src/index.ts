export {
  checkReaderToken,
  CLOCK_TOLERANCE_MS,
  LONGEST_TOKEN_MS,
  READER_TOKEN_TYPE,
  type ReaderToken,
  type ReaderTokenReason,
  type TokenCheck,
} from './reader-token.js';
export { makeReaderToken, type ReaderTokenParts } from './make-reader-token.js';
export { TokenMemory } from './token-memory.js';
export { signingKeyOf } from './signing-key.js';
