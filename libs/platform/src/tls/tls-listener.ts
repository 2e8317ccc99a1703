import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { SecureContextOptions, Server, TLSSocket, TlsOptions } from 'node:tls';
import { forgetCertificate, rememberCertificate } from './proven-certificate.js';
import { TlsFiles, type TlsEvents } from './tls-files.js';

export interface TlsSettings {
  readonly tlsCertFile: string;
  readonly tlsKeyFile: string;
  /** Absent: no client is asked for a certificate. */
  readonly tlsClientCaFile?: string;
  readonly tlsClientCrlFile?: string;
  readonly tlsMinVersion: '1.2' | '1.3';
  readonly tlsReloadMs: number;
}

const HANDSHAKE_TIMEOUT_MS = 10_000;

/** Whether the settings ask for TLS. */
export function speaksTls({ tlsCertFile, tlsKeyFile }: Pick<TlsSettings, 'tlsCertFile' | 'tlsKeyFile'>): boolean {
  return tlsCertFile !== '' || tlsKeyFile !== '';
}

/**
 * TLS of a server: shows its certificate, asks for the client's where it has authorities, and lets a connection go on
 * without a good one: its caller may have a token, and a refusal that can be read helps more than one of TLS. New files
 * count without a restart, and connections whose certificate was judged by the old ones end: what was revoked is not let in by a connection that was kept.
 */
export class TlsListener {
  private server: Server | undefined;
  /** TCP connections that began under the files of now and are not through with TLS; written by `attach`, `use`. */
  private readonly begun = new Set<string>();
  /** Connections with a good certificate, and how many requests each has under way; written by `attach`, `use`. */
  private readonly proven = new Map<Socket, number>();

  private constructor(
    private readonly files: TlsFiles,
    private readonly asksClients: boolean,
  ) {
    files.onChange((context) => this.use(context));
  }

  /** Throws `tls-files-unusable` if there is nothing to begin with. */
  static async open(settings: TlsSettings, events: TlsEvents): Promise<TlsListener> {
    const { tlsCertFile, tlsKeyFile, tlsClientCaFile = '', tlsClientCrlFile = '' } = settings;
    const names = { cert: tlsCertFile, key: tlsKeyFile, ca: tlsClientCaFile, crl: tlsClientCrlFile };
    const { tlsMinVersion: minVersion, tlsReloadMs: reloadMs } = settings;
    const files = await TlsFiles.open({ names, minVersion, reloadMs, isServer: true }, events);
    return new TlsListener(files, tlsClientCaFile !== '');
  }

  /** For `https.createServer`. */
  options(): TlsOptions {
    return {
      ...this.files.context,
      requestCert: this.asksClients,
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
    this.files.start();
  }

  async stop(): Promise<void> {
    await this.files.stop();
  }

  /** Reads the files again; whether what they say has changed and counts now. */
  reload(): Promise<boolean> {
    return this.files.reload();
  }

  private use(context: SecureContextOptions): void {
    this.server?.setSecureContext(context);
    this.begun.clear();
    for (const [socket, underWay] of this.proven) {
      forgetCertificate(socket);
      if (underWay === 0) socket.destroy();
    }
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
    const { context } = this.files;
    this.proven.set(socket, before + 1);
    response.once('close', () => {
      const now = (this.proven.get(socket) ?? 1) - 1;
      if (this.proven.has(socket)) this.proven.set(socket, now);
      if (now === 0 && context !== this.files.context) socket.destroySoon();
    });
  }
}

function nameOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress ?? ''} ${remotePort ?? ''}`;
}
