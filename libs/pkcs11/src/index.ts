export { openTokens, SIGNER_CHECK, type AppTokens } from './app-tokens.service.js';
export { parseKeyUri, type KeyUri, type KeyUriReason } from './key-uri.js';
export { pkcs11Settings, type Pkcs11Settings } from './pkcs11.config.js';
export { pkcs11Errors } from './pkcs11.errors.js';
export { tokenMetrics } from './token-metrics.service.js';
export type { SignerTrouble } from './token-queue.js';
export { Tokens, type TokensEvents } from './tokens.service.js';
