export {
  checkInstanceToken,
  checkReaderToken,
  CLOCK_TOLERANCE_MS,
  LONGEST_TOKEN_MS,
  type ReaderToken,
  type ReaderTokenReason,
  type TokenCheck,
} from './reader-token.js';
export { makeReaderToken, signReaderToken, type ReaderTokenParts } from './make-reader-token.js';
export { TokenMemory } from './token-memory.js';
export { signingKeyOf } from './signing-key.js';
