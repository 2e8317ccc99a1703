import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { createSecureContext, type SecureContextOptions, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import { Rounds } from '#platform';
import { consumerAuthErrors } from './consumer-auth.errors.js';
import { forgetCertificate, rememberCertificate } from './proven-certificate.js';

export interface TlsSettings {
  readonly tlsCertFile: string;
  readonly tlsKeyFile: string;
  readonly tlsClientCaFile: string;
  readonly tlsClientCrlFile: string;
  readonly tlsMinVersion: '1.2' | '1.3';
  readonly tlsReloadMs: number;
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

const HANDSHAKE_TIMEOUT_MS = 10_000;
const CRL = /-----BEGIN X509 CRL-----[\s\S]+?-----END X509 CRL-----/g;
/** RSA of 2048 bits and SHA-256 at least, in certificates too. */
const CIPHERS = 'DEFAULT@SECLEVEL=2';

/** Whether the settings ask for TLS. */
export function speaksTls({ tlsCertFile, tlsKeyFile }: Pick<TlsSettings, 'tlsCertFile' | 'tlsKeyFile'>): boolean {
  return tlsCertFile !== '' || tlsKeyFile !== '';
}

/**
 * The gateway's TLS: shows its certificate, asks for the client's, and lets a connection go on without a good one: its
 * caller may have a token, and a refusal that can be read helps more than one of TLS. New files count without a restart, and
 * connections whose certificate was judged by the old ones end: what was revoked is not let in by a connection that was kept.
 */
export class TlsListener {
  private readonly rounds: Rounds;
  private server: Server | undefined;
  /** TCP connections that began under the files of now and are not through with TLS; written by `attach`, `use`. */
  private readonly begun = new Set<string>();
  /** Connections with a good certificate, and how many requests each has under way; written by `attach`, `use`. */
  private readonly proven = new Map<Socket, number>();
  private triedDigest: string;
  private readonly reloadNow = () => this.rounds.soon();

  private constructor(
    private readonly settings: TlsSettings,
    private files: Files,
    private readonly events: TlsEvents,
  ) {
    this.triedDigest = files.digest;
    this.rounds = new Rounds(
      async () => {
        await this.reload();
        return settings.tlsReloadMs;
      },
      (cause) => events.failed('tls-files', cause),
      settings.tlsReloadMs,
    );
  }

  /** Throws `tls-files-unusable` if there is nothing to begin with. */
  static async open(settings: TlsSettings, events: TlsEvents): Promise<TlsListener> {
    try {
      return new TlsListener(settings, checked(await readFiles(settings)), events);
    } catch (cause) {
      throw consumerAuthErrors.error('tls-files-unusable', { cause });
    }
  }

  /** For `https.createServer`. */
  options(): TlsOptions {
    return {
      ...this.files.context,
      requestCert: this.settings.tlsClientCaFile !== '',
      // Who has no good certificate is told so in HTTP: see `authorized` below.
      rejectUnauthorized: false,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    };
  }

  /** From now on the certificates of this server's clients are known. */
  attach(server: Server): void {
    this.server = server;
    server.on('connection', (socket: Socket) => {
      const name = nameOf(socket);
      this.begun.add(name);
      socket.once('close', () => this.begun.delete(name));
    });
    server.on('secureConnection', (socket) => this.judge(socket));
    server.on('request', (request: IncomingMessage, response: ServerResponse) => this.count(request.socket, response));
  }

  /** From now on the files are looked after. */
  start(): void {
    this.rounds.start(this.settings.tlsReloadMs);
    process.on('SIGHUP', this.reloadNow);
  }

  async stop(): Promise<void> {
    process.off('SIGHUP', this.reloadNow);
    await this.rounds.stop();
  }

  /** Reads the files again; whether what they say has changed and counts now. */
  async reload(): Promise<boolean> {
    const files = await readFiles(this.settings);
    // What could not be used is complained of once, and tried again when it has changed.
    if (files.digest === this.files.digest || files.digest === this.triedDigest) return false;
    this.triedDigest = files.digest;
    this.use(checked(files));
    return true;
  }

  private use(files: Files): void {
    this.server?.setSecureContext(files.context);
    this.files = files;
    this.begun.clear();
    for (const [socket, underWay] of this.proven) {
      forgetCertificate(socket);
      if (underWay === 0) socket.destroy();
    }
    this.events.reloaded();
  }

  private judge(socket: TLSSocket): void {
    // Begun under files that no longer count: the client tries again.
    if (!this.begun.delete(nameOf(socket))) return void socket.destroy();
    if (!socket.authorized) return;
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) return;
    rememberCertificate(socket, {
      sha256: createHash('sha256').update(certificate.raw).digest('hex'),
      fromMs: Date.parse(certificate.validFrom),
      untilMs: Date.parse(certificate.validTo),
    });
    this.proven.set(socket, 0);
    socket.once('close', () => this.proven.delete(socket));
  }

  /** A connection whose certificate was forgotten while it worked ends with its answer. */
  private count(socket: Socket, response: ServerResponse): void {
    const before = this.proven.get(socket);
    if (before === undefined) return;
    const files = this.files;
    this.proven.set(socket, before + 1);
    response.once('close', () => {
      const now = (this.proven.get(socket) ?? 1) - 1;
      if (this.proven.has(socket)) this.proven.set(socket, now);
      if (now === 0 && files !== this.files) socket.destroySoon();
    });
  }
}

function nameOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress ?? ''} ${remotePort ?? ''}`;
}

async function readFiles(settings: TlsSettings): Promise<Files> {
  const { tlsCertFile, tlsKeyFile, tlsClientCaFile, tlsClientCrlFile, tlsMinVersion } = settings;
  const names = [tlsCertFile, tlsKeyFile, tlsClientCaFile, tlsClientCrlFile];
  const texts = await Promise.all(names.map(async (name) => (name === '' ? undefined : readFile(name, 'utf8'))));
  const [cert, key, ca, crl] = texts;
  const digest = createHash('sha256').update(JSON.stringify(texts)).digest('hex');
  const context: SecureContextOptions = {
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    // Without authorities of our own Node would believe those of the web.
    ca: ca ?? [],
    ...(crl === undefined ? {} : { crl: crl.match(CRL) ?? [''] }),
    minVersion: `TLSv${tlsMinVersion}`,
    ciphers: CIPHERS,
  };
  return { digest, context };
}

/** The files, if TLS can be spoken with them: whole, and the key that of the certificate. */
function checked(files: Files): Files {
  const { cert, key, ca } = files.context;
  createSecureContext(files.context);
  const isWhole = typeof cert === 'string' && typeof key === 'string';
  const holds = isWhole && new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  // An empty bundle would leave nobody to be believed, without a word.
  if (!holds || ca === '') throw consumerAuthErrors.error('tls-files-unusable');
  return files;
}
