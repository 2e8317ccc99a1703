import { z } from 'zod';
import type { PrivateJwk } from '#signing';

const signingKey = z.object({
  kty: z.enum(['OKP', 'EC']),
  crv: z.enum(['Ed25519', 'P-256']),
  x: z.string(),
  y: z.string().optional(),
  d: z.string(),
  kid: z.string(),
  use: z.literal('sig'),
});
const keyFile = z.object({ keys: z.array(z.unknown()) });

/** The newest private key of a subsystem's key file that signs; undefined: there is none. */
export function newestSigningKey(bytes: Buffer): PrivateJwk | undefined {
  const parsed = keyFile.safeParse(jsonOf(bytes));
  const keys = parsed.success ? parsed.data.keys : [];
  return keys.flatMap((key) => signingKey.safeParse(key).data ?? []).at(-1);
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    // No key file: it holds no key.
    return undefined;
  }
}
