import { z } from 'zod';
import { openRecord, sealRecord } from '#signing';
import type { LinkTerms } from './link.js';

/** What lies under the person's data key: the terms, and what opens the leaf's commitment. */
export interface KeptLink extends LinkTerms {
  /** base64url. */
  readonly r: string;
}

const NONCE_BYTES = 24;
const schema = z.strictObject({
  member: z.string(),
  portal: z.string(),
  direction: z.enum(['TO_MEMBER', 'FROM_MEMBER', 'BOTH']),
  services: z.array(z.string()),
  purposes: z.array(z.string()),
  notice: z.string(),
  untilMs: z.number().optional(),
  r: z.string(),
});

/** Bound to the leaf: one that is moved to another row does not open there. nonce ‖ ciphertext. */
export function keepLink(key: Uint8Array, leafHash: Uint8Array, link: KeptLink): Buffer {
  const { nonce, ciphertext } = sealRecord(key, Buffer.from(JSON.stringify(link)), associated(leafHash));
  return Buffer.concat([nonce, ciphertext]);
}

/** Undefined if the key, the leaf or the bytes are not those of its keeping. */
export function openLink(key: Uint8Array, leafHash: Uint8Array, kept: Uint8Array): KeptLink | undefined {
  const plain = openRecord(key, kept.subarray(0, NONCE_BYTES), kept.subarray(NONCE_BYTES), associated(leafHash));
  return plain === undefined ? undefined : schema.parse(JSON.parse(Buffer.from(plain).toString()));
}

function associated(leafHash: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from('kerege/link/v1\0'), leafHash]);
}
