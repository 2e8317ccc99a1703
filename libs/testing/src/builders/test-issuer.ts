import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWTHeaderParameters } from 'jose';
import { issuer, type Issuer } from '#snapshot';

export interface MintChanges {
  /** Laid over the claims of a sound assertion; undefined takes one away. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Partial<JWTHeaderParameters>;
  /** Signs instead of the issuer's own key. */
  readonly key?: CryptoKey | Uint8Array;
}

/** An issuer for specs: what the registry publishes of it, and assertions and mandates of any make. */
export class TestIssuer {
  private constructor(
    /** As a definition lists it. */
    readonly entry: Issuer,
    readonly key: CryptoKey,
    readonly kid: string,
  ) {}

  /** Speaks for citizens by `sub`, for officials where `kind` says so, and gives mandates to citizens. */
  static async create(url = 'https://id.test.example', kid = `kid-${crypto.randomUUID()}`): Promise<TestIssuer> {
    const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
    const { kty, crv, x } = await exportJWK(publicKey);
    const entry = issuer.parse({
      issuer: url,
      title: { en: 'Sign-in of a test' },
      keys: [{ kid, alg: 'EdDSA', kty, crv, x }],
      people: [
        { kind: 'official', where: { claim: 'kind', is: 'official' }, subject: { country: 'TEST', type: 'OFFICIAL' } },
        { kind: 'citizen', subject: { country: 'TEST', type: 'PIN' }, represents: 'represents' },
      ],
      mandates: {
        by: [{ country: 'TEST', type: 'PIN' }],
        for: [
          { country: 'TEST', type: 'PIN' },
          { country: 'TEST', type: 'FIRM' },
        ],
      },
      assurance: { claim: 'acr', levels: ['high'] },
    });
    return new TestIssuer(entry, privateKey, kid);
  }

  /** Line of a definition; JSON is YAML. */
  static definitionOf(...issuers: readonly TestIssuer[]): string {
    return `issuers: ${JSON.stringify(issuers.map(({ entry }) => entry))}\n`;
  }

  /** An assertion of this person for this consumer, good for five minutes. */
  async mint(sub: string, audience: string | string[], { claims = {}, header = {}, key }: MintChanges = {}) {
    const nowS = Math.floor(Date.now() / 1000);
    const sound = { iss: this.entry.issuer, sub, aud: audience, iat: nowS, exp: nowS + 300, acr: 'high' };
    return this.sign({ ...sound, jti: crypto.randomUUID(), ...claims }, header, key);
  }

  /** A mandate of a year by which `by` may act for `subject`, both as COUNTRY/TYPE/CODE. */
  async mandate(by: string, subject: string, { claims = {}, header = {}, key }: MintChanges = {}) {
    const nowS = Math.floor(Date.now() / 1000);
    const sound = { iss: this.entry.issuer, sub: subject, act: { sub: by }, iat: nowS, exp: nowS + 31_536_000 };
    return this.sign({ ...sound, jti: crypto.randomUUID(), ...claims }, { typ: 'mandate+jwt', ...header }, key);
  }

  private sign(claims: object, header: Partial<JWTHeaderParameters>, key: MintChanges['key']): Promise<string> {
    const all: [string, unknown][] = Object.entries(claims);
    return new SignJWT(Object.fromEntries(all.filter(([, value]) => value !== undefined)))
      .setProtectedHeader({ alg: 'EdDSA', kid: this.kid, ...header })
      .sign(key ?? this.key);
  }
}
