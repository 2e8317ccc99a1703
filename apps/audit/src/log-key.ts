import { z } from 'zod';
import { jwkSigner, publicJwk, type PrivateJwk } from '#signing';
import { makeVkey, noteSigner, type NoteSigner } from '#tlog';

const keyFile = z.object({
  keys: z.array(
    z.object({
      kty: z.literal('OKP'),
      crv: z.literal('Ed25519'),
      x: z.string(),
      d: z.string(),
      kid: z.string(),
      use: z.literal('sig'),
    }),
  ),
});

/** The signer of checkpoints, from the log's own key file; undefined if the text is none. */
export function parseLogKey(origin: string, text: string): { signer: NoteSigner; vkey: string } | undefined {
  const key = readKey(text);
  if (key === undefined) return undefined;
  const signer = jwkSigner(key);
  const publicKey = Buffer.from(publicJwk(key).x, 'base64url');
  return {
    signer: noteSigner(origin, publicKey, (message) => signer.sign(message)),
    vkey: makeVkey(origin, publicKey),
  };
}

function readKey(text: string): PrivateJwk | undefined {
  try {
    return keyFile.parse(JSON.parse(text)).keys.at(-1);
  } catch {
    // The text may hold a private key and is never quoted; the caller names the file.
    return undefined;
  }
}
