import { z } from 'zod';
import { openRecord, sealRecord } from '#signing';
import { LANGUAGES, type Language } from '../access-history/titles.js';
import type { Wishes } from './channel-policy.js';
import { CHANNELS } from './notification.js';

/** What a person wishes, as it lies under their data key. */
export interface Preference extends Wishes {
  readonly language: Language;
}

const NONCE_BYTES = 24;
const channels = z.array(z.enum(CHANNELS)).max(CHANNELS.length);
const schema = z.strictObject({
  handle: z.string(),
  language: z.enum(LANGUAGES),
  channels: z.strictObject({
    action: channels.optional(),
    progress: channels.optional(),
    decision: channels.optional(),
    information: channels.optional(),
    security: channels.optional(),
  }),
});

/** Bound to the portal through which it was said: nonce ‖ ciphertext. */
export function keepPreference(key: Uint8Array, portal: string, preference: Preference): Buffer {
  const { nonce, ciphertext } = sealRecord(key, Buffer.from(JSON.stringify(preference)), associated(portal));
  return Buffer.concat([nonce, ciphertext]);
}

/** Undefined if the key, the portal or the bytes are not those of its keeping. */
export function openPreference(key: Uint8Array, portal: string, kept: Uint8Array): Preference | undefined {
  const plain = openRecord(key, kept.subarray(0, NONCE_BYTES), kept.subarray(NONCE_BYTES), associated(portal));
  return plain === undefined ? undefined : (schema.parse(JSON.parse(Buffer.from(plain).toString())) as Preference);
}

function associated(portal: string): Buffer {
  return Buffer.from(`kerege/kept-preference/v1\0${portal}`);
}
