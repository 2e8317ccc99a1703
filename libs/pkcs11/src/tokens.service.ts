import { algorithmOf, signingErrors, type PublicJwk, type Signer, type SigningDevice, type TokenKey } from '#signing';
import { HeldToken, type HeldKey, type Turn } from './held-token.service.js';
import { parseKeyUri, tokenName, type KeyUri } from './key-uri.js';
import type { Pkcs11Settings } from './pkcs11.config.js';
import { pkcs11Errors } from './pkcs11.errors.js';
import { tokenPublicKey } from './token-public-key.js';
import type { SignerTrouble } from './token-queue.js';

export interface TokensEvents {
  readonly signed?: (tookMs: number) => void;
  readonly refused?: (trouble: SignerTrouble) => void;
  readonly turned?: (turn: Turn) => void;
}

export interface TokenState {
  readonly token: string;
  /** Of the token or of one of its keys; undefined: nothing is the matter. */
  readonly trouble: SignerTrouble | undefined;
  /** Whether no key of it would sign. */
  readonly isAway: boolean;
  readonly waiting: number;
}

/** Each is a process of its own. */
const MOST_TOKENS = 32;

/** The tokens that this process signs with, by the keys that its key files name. Whoever makes it closes it. */
export class Tokens implements SigningDevice {
  private readonly tokens = new Map<string, HeldToken>();

  private constructor(
    private readonly settings: Pkcs11Settings,
    private readonly events: TokensEvents,
  ) {}

  /** Undefined where no module is configured: then all keys lie in files. Nothing is loaded before the first key. */
  static of(settings: Pkcs11Settings, events: TokensEvents = {}): Tokens | undefined {
    return settings.pkcs11Module === '' ? undefined : new Tokens(settings, events);
  }

  signer(identifier: string, { kid, pkcs11, kty, crv, x, y, exp = Infinity }: TokenKey): Signer {
    const uri = parseKeyUri(pkcs11);
    const jwk: PublicJwk = y === undefined ? { kty, crv, x } : { kty, crv, x, y };
    const alg = algorithmOf(jwk);
    if (!uri.ok || alg === undefined) throw signingErrors.error('key-unusable', { details: { identifier, kid } });
    const token = this.tokenOf(uri.value);
    const { object, id } = uri.value;
    const key: HeldKey = { kid, alg, jwk, name: { object, id }, untilMs: exp * 1_000 };
    token.add(key);
    return { kid, alg, sign: (data) => token.sign(key, data), trouble: () => token.troubleOf(kid) };
  }

  /** The public half of a key in a token whose private half is there, too. Rejects with `signer-unavailable`. */
  async publicKey(text: string): Promise<PublicJwk> {
    const uri = parseKeyUri(text);
    if (!uri.ok) throw pkcs11Errors.error('key-uri-malformed', { extensions: { reason: uri.reason } });
    const { object, id } = uri.value;
    const { params, point } = await this.tokenOf(uri.value).publicKey({ object, id });
    const jwk = tokenPublicKey(params, point);
    if (jwk === undefined) throw pkcs11Errors.error('token-key-unusable');
    return jwk;
  }

  /** Opens every token that a key was named of, and looks after them until `close`. */
  watch(): this {
    for (const token of this.tokens.values()) token.watch();
    return this;
  }

  /** Of those with keys that have not ended. */
  state(): TokenState[] {
    const inUse = [...this.tokens.values()].filter(({ isInUse }) => isInUse);
    return inUse.map((token) => ({
      token: token.name,
      trouble: token.anyTrouble(),
      isAway: token.isAway,
      waiting: token.waiting,
    }));
  }

  close(): void {
    for (const token of this.tokens.values()) token.close();
  }

  private tokenOf(uri: KeyUri): HeldToken {
    const name = tokenName(uri);
    const { pkcs11Module: module, pkcs11Sessions: sessions, pkcs11PinFile } = this.settings;
    const pinFile = uri.pinFile ?? (pkcs11PinFile === '' ? undefined : pkcs11PinFile);
    // Another PIN is another login, and that is another process.
    const key = JSON.stringify([name, pinFile]);
    const known = this.tokens.get(key);
    if (known !== undefined) return known;
    if (this.tokens.size >= MOST_TOKENS) throw pkcs11Errors.error('devices-too-many');
    const { events } = this;
    const token = new HeldToken(
      name,
      { module, token: uri.token, serial: uri.serial, pinFile, sessions },
      {
        queue: this.settings.pkcs11Queue,
        timeoutMs: this.settings.pkcs11TimeoutMs,
        environment: this.settings.pkcs11Environment,
      },
      {
        signed: (tookMs) => events.signed?.(tookMs),
        refused: (trouble) => events.refused?.(trouble),
        turned: (turn) => events.turned?.(turn),
      },
    );
    this.tokens.set(key, token);
    return token;
  }
}
