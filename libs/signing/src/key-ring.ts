import { z } from 'zod';
import { publicJwk, thumbprint, type PrivateJwk, type PublicJwk } from './jwk.js';
import { jwkSigner, type Signer, type SigningDevice } from './signer.js';
import { signingErrors } from './signing.errors.js';

const asymmetric = z.object({
  kty: z.enum(['OKP', 'EC']),
  crv: z.enum(['Ed25519', 'X25519', 'P-256']),
  x: z.string(),
  y: z.string().optional(),
  d: z.string(),
  kid: z.string(),
  use: z.enum(['sig', 'enc']),
  // A key is here or in a token: of one that says both nobody knows which half was published.
  pkcs11: z.undefined().optional(),
});
const inToken = z.object({
  kty: z.enum(['OKP', 'EC']),
  crv: z.enum(['Ed25519', 'P-256']),
  x: z.string(),
  y: z.string().optional(),
  d: z.undefined().optional(),
  kid: z.string(),
  use: z.literal('sig'),
  exp: z.number().optional(),
  pkcs11: z.string(),
});
const symmetric = z.object({ kty: z.literal('oct'), k: z.string() });
const keyFile = z.object({
  keys: z
    .array(z.union([asymmetric, inToken, symmetric]))
    .min(1)
    .max(100),
});

interface Keys {
  readonly signers: readonly Signer[];
  readonly sealing: readonly PrivateJwk[];
  readonly published: readonly { readonly kid: string; readonly use: 'sign' | 'seal'; readonly jwk: PublicJwk }[];
  readonly secret: Buffer | undefined;
}

/** `DEMO/GOV/1001/population` → `DEMO.GOV.1001.population.jwk`, where the sandbox keeps that identifier's keys. */
export function keyFileName(identifier: string): string {
  return `${identifier.replaceAll('/', '.')}.jwk`;
}

/** The private keys that a process was given, by the identifier of their owner. Immutable. */
export class KeyRing {
  private constructor(private readonly keys: ReadonlyMap<string, Keys>) {}

  /**
   * From the text of key files (JWK Sets) by identifier. Throws `key-unusable` naming the identifier, never the key;
   * `device-missing` for a key in a token where there is no `device`.
   */
  static parse(files: Iterable<readonly [identifier: string, text: string]>, device?: SigningDevice): KeyRing {
    const keys = new Map<string, Keys>();
    for (const [identifier, text] of files) keys.set(identifier, parseKeys(identifier, text, device));
    return new KeyRing(keys);
  }

  has(identifier: string): boolean {
    return this.keys.has(identifier);
  }

  identifiers(): string[] {
    return [...this.keys.keys()];
  }

  /** The newest signing key (last in its file), or the one among `kids` if given: the one that the snapshot knows. */
  signer(identifier: string, kids?: ReadonlySet<string>): Signer {
    const found = this.of(identifier).signers.findLast((signer) => kids === undefined || kids.has(signer.kid));
    if (found === undefined) throw signingErrors.error('key-missing', { details: { identifier, use: 'sig' } });
    return found;
  }

  /** The private half of a published sealing key, or undefined if it is not ours. */
  unsealKey(identifier: string, kid: string): PrivateJwk | undefined {
    return this.keys.get(identifier)?.sealing.find((jwk) => jwk.kid === kid);
  }

  /** Public halves, to compare with those that the snapshot publishes (`design.md` §6). */
  publicKeys(identifier: string): readonly { kid: string; use: 'sign' | 'seal'; jwk: PublicJwk }[] {
    return this.of(identifier).published;
  }

  /** The symmetric key of an instance, e.g. a gateway's fingerprint key. */
  secret(identifier: string): Buffer {
    const { secret } = this.of(identifier);
    if (secret === undefined) throw signingErrors.error('key-missing', { details: { identifier, use: 'oct' } });
    return secret;
  }

  private of(identifier: string): Keys {
    const keys = this.keys.get(identifier);
    if (keys === undefined) throw signingErrors.error('key-missing', { details: { identifier } });
    return keys;
  }
}

function parseKeys(identifier: string, text: string, device: SigningDevice | undefined): Keys {
  const unusable = () => signingErrors.error('key-unusable', { details: { identifier } });
  const parsed = keyFile.safeParse(parseJson(text));
  if (!parsed.success) throw unusable();
  const asymmetricKeys = parsed.data.keys.filter((key) => key.kty !== 'oct');
  const oct = parsed.data.keys.find((key) => key.kty === 'oct');
  if (asymmetricKeys.some((key) => key.kid !== thumbprint(key))) throw unusable();
  return {
    signers: asymmetricKeys.filter((key) => key.use === 'sig').map((key) => signerOf(identifier, key, device)),
    sealing: asymmetricKeys.filter((key) => key.pkcs11 === undefined).filter((key) => key.use === 'enc'),
    published: asymmetricKeys.map((key) => ({
      kid: key.kid,
      use: key.use === 'sig' ? 'sign' : 'seal',
      jwk: publicJwk(key),
    })),
    secret: oct === undefined ? undefined : Buffer.from(oct.k, 'base64url'),
  };
}

function signerOf(
  identifier: string,
  key: z.infer<typeof asymmetric> | z.infer<typeof inToken>,
  device: SigningDevice | undefined,
): Signer {
  if (key.pkcs11 === undefined) return jwkSigner(key);
  if (device === undefined) throw signingErrors.error('device-missing', { details: { identifier, kid: key.kid } });
  return device.signer(identifier, key);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The caller names the file; the text may hold a private key and is never quoted.
    return undefined;
  }
}
