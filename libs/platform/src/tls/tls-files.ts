import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { Rounds } from '../run/rounds.js';
import { tlsErrors } from './tls.errors.js';

/** Names of PEM files; an empty one is none. */
export interface TlsFileNames {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  readonly crl: string;
}

export interface TlsFilesOptions {
  readonly names: TlsFileNames;
  readonly minVersion: '1.2' | '1.3';
  readonly reloadMs: number;
  /** A server has a certificate and its key; a client may have none. */
  readonly isServer: boolean;
}

export interface TlsEvents {
  /** What the files say counts from now on. */
  readonly reloaded: () => void;
  /** The files cannot be used; what they said before still counts. */
  readonly failed: (what: string, cause: unknown) => void;
}

interface Files {
  readonly digest: string;
  readonly context: SecureContextOptions;
}

const CRL = /-----BEGIN X509 CRL-----[\s\S]+?-----END X509 CRL-----/g;
/** RSA of 2048 bits and SHA-256 at least, in certificates too. */
const CIPHERS = 'DEFAULT@SECLEVEL=2';

/**
 * Certificate, key, authorities and revocation lists as files, looked at again and again: new ones count without a
 * restart, and while new ones cannot be used the old ones do.
 */
export class TlsFiles {
  private readonly rounds: Rounds;
  /** Called with what counts from now on, before `reloaded` is told; written by `onChange`. */
  private follow: (context: SecureContextOptions) => void = () => undefined;
  /** Digest of what was tried last; written by `reload`. */
  private triedDigest: string;
  private readonly reloadNow = () => this.rounds.soon();

  private constructor(
    private readonly options: TlsFilesOptions,
    /** Written by `reload`. */
    private files: Files,
    private readonly events: TlsEvents,
  ) {
    this.triedDigest = files.digest;
    const { reloadMs } = options;
    this.rounds = new Rounds(
      async () => {
        await this.reload();
        return reloadMs;
      },
      (cause) => events.failed('tls-files', cause),
      reloadMs,
    );
  }

  /** Throws `tls-files-unusable` if there is nothing to begin with. */
  static async open(options: TlsFilesOptions, events: TlsEvents): Promise<TlsFiles> {
    try {
      return new TlsFiles(options, checked(await readFiles(options), options), events);
    } catch (cause) {
      throw tlsErrors.error('tls-files-unusable', { cause });
    }
  }

  /** What the files say now. */
  get context(): SecureContextOptions {
    return this.files.context;
  }

  onChange(follow: (context: SecureContextOptions) => void): void {
    this.follow = follow;
  }

  /** From now on the files are looked after. */
  start(): void {
    this.rounds.start(this.options.reloadMs);
    process.on('SIGHUP', this.reloadNow);
  }

  async stop(): Promise<void> {
    process.off('SIGHUP', this.reloadNow);
    await this.rounds.stop();
  }

  /** Reads the files again; whether what they say has changed and counts now. */
  async reload(): Promise<boolean> {
    const files = await readFiles(this.options);
    // What could not be used is complained of once, and tried again when it has changed.
    if (files.digest === this.files.digest || files.digest === this.triedDigest) return false;
    this.triedDigest = files.digest;
    this.files = checked(files, this.options);
    this.follow(this.files.context);
    this.events.reloaded();
    return true;
  }
}

async function readFiles({ names, minVersion }: TlsFilesOptions): Promise<Files> {
  const inOrder = [names.cert, names.key, names.ca, names.crl];
  const texts = await Promise.all(inOrder.map(async (name) => (name === '' ? undefined : readFile(name, 'utf8'))));
  const [cert, key, ca, crl] = texts;
  const digest = createHash('sha256').update(JSON.stringify(texts)).digest('hex');
  const context: SecureContextOptions = {
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    // Without authorities of our own Node would believe those of the web.
    ca: ca ?? [],
    ...(crl === undefined ? {} : { crl: crl.match(CRL) ?? [''] }),
    minVersion: `TLSv${minVersion}`,
    ciphers: CIPHERS,
  };
  return { digest, context };
}

/** The files, if TLS can be spoken with them: whole, and the key that of the certificate. */
function checked(files: Files, { isServer }: TlsFilesOptions): Files {
  const { cert, key, ca } = files.context;
  createSecureContext(files.context);
  const isNeither = cert === undefined && key === undefined;
  const isWhole = typeof cert === 'string' && typeof key === 'string';
  const holds = isWhole && new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  // An empty bundle would leave nobody to be believed, without a word.
  if ((!holds && (isServer || !isNeither)) || ca === '') throw tlsErrors.error('tls-files-unusable');
  return files;
}
