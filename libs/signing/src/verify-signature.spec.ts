import { expect, it } from '@jest/globals';
import { generateKeyPairSync, sign } from 'node:crypto';
import { verifyEd25519 } from './verify-signature.js';

it("agrees with OpenSSL's signatures, and is false for whatever else it is given", () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  const message = Buffer.from('checkpoint');
  const signature = sign(null, message, privateKey);
  expect(verifyEd25519(raw, message, signature)).toBe(true);
  expect(verifyEd25519(raw, Buffer.from('another'), signature)).toBe(false);
  expect(verifyEd25519(raw, message, signature.subarray(1))).toBe(false);
  expect(verifyEd25519(raw.subarray(1), message, signature)).toBe(false);
});
