import type { X509Certificate } from 'node:crypto';
import { createSecureContext, TLSSocket, type SecureContextOptions } from 'node:tls';
import { buildConnector } from 'undici';
import { sha256, toHex, type Clock } from '#kernel';
import { TlsFiles, type TlsEvents } from '#platform';
import { agencyErrors } from './agency.errors.js';
import { codeOf, NOT_SENT } from './agency-fault.js';
import { distrustOf, type AgencyName, type ServerRule, type Shown } from './server-rule.js';

export interface AgencyDoorsSettings {
  readonly agencyCaFile: string;
  readonly agencyCrlFile: string;
  readonly agencyCertFile: string;
  readonly agencyKeyFile: string;
  readonly agencyTlsMinVersion: '1.2' | '1.3';
  readonly agencyTlsReloadMs: number;
  readonly agencyConnectTimeoutMs: number;
}

export interface AgencyDoorsEvents extends TlsEvents {
  /** A system is not believed; `reason` is of a closed list. */
  readonly untrusted: (name: AgencyName, reason: string) => void;
}

/**
 * How connections to agencies' systems are made. No byte of a request goes to a system before it has proved who it is by
 * its rule, and none at all to one without a rule. Files count anew without a restart; whoever keeps connections ends
 * them in `onChange`.
 */
export class AgencyDoors {
  private readonly followers: (() => void)[] = [];
  private readonly plain: buildConnector.connector;
  /** By the files of now; written by `use`. */
  private encrypted: buildConnector.connector;

  private constructor(
    private readonly rules: ReadonlyMap<AgencyName, ServerRule>,
    private readonly files: TlsFiles,
    private readonly timeoutMs: number,
    private readonly clock: Clock,
    private readonly events: AgencyDoorsEvents,
  ) {
    this.plain = buildConnector({ timeout: timeoutMs, allowH2: false });
    this.encrypted = this.encryptedBy(files.context);
    files.onChange((context) => this.use(context));
  }

  /** Throws `tls-files-unusable` if there is nothing to begin with. */
  static async open(
    rules: ReadonlyMap<AgencyName, ServerRule>,
    settings: AgencyDoorsSettings,
    clock: Clock,
    events: AgencyDoorsEvents,
  ): Promise<AgencyDoors> {
    const { agencyCertFile: cert, agencyKeyFile: key, agencyCaFile: ca, agencyCrlFile: crl } = settings;
    const { agencyTlsMinVersion: minVersion, agencyTlsReloadMs: reloadMs } = settings;
    const files = await TlsFiles.open({ names: { cert, key, ca, crl }, minVersion, reloadMs, isServer: false }, events);
    return new AgencyDoors(rules, files, settings.agencyConnectTimeoutMs, clock, events);
  }

  ruleOf(name: AgencyName): ServerRule | undefined {
    return this.rules.get(name);
  }

  /** For `connect` of undici. */
  connector(name: AgencyName): buildConnector.connector {
    return (options, callback) => {
      const rule = this.rules.get(name);
      const isEncrypted = options.protocol === 'https:';
      const isPlain = rule?.kind === 'local' || rule?.kind === 'plain';
      if (rule === undefined || isPlain === isEncrypted) callback(this.refusal(name, 'no-rule'), null);
      else if (isPlain) this.plain(options, callback);
      else
        this.encrypted(options, (...[failure, socket]) => {
          const distrust = failure === null ? this.distrust(socket, rule) : undefined;
          if (failure !== null) callback(handshakeFailure(failure), null);
          else if (distrust === undefined) callback(null, socket);
          else callback(this.refusal(name, distrust), null);
          if (distrust !== undefined) socket?.destroy();
        });
    };
  }

  /** Calls what keeps connections, when those of before count no more. */
  onChange(follow: () => void): void {
    this.followers.push(follow);
  }

  start(): void {
    this.files.start();
  }

  stop(): Promise<void> {
    return this.files.stop();
  }

  reload(): Promise<boolean> {
    return this.files.reload();
  }

  private use(context: SecureContextOptions): void {
    this.encrypted = this.encryptedBy(context);
    for (const follow of this.followers) follow();
  }

  private encryptedBy(context: SecureContextOptions): buildConnector.connector {
    return buildConnector({
      timeout: this.timeoutMs,
      allowH2: false,
      secureContext: createSecureContext(context),
      // `distrust` judges every connection, pinned ones too, before anything is sent on it.
      rejectUnauthorized: false,
      // A session taken up again would bring the judgement of before.
      maxCachedSessions: 0,
    });
  }

  private distrust(socket: unknown, rule: ServerRule): string | undefined {
    const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
    if (!(socket instanceof TLSSocket) || certificate === undefined) return 'no-certificate';
    return distrustOf(shownBy(socket, certificate), rule, this.clock.now());
  }

  private refusal(name: AgencyName, reason: string): Error {
    this.events.untrusted(name, reason);
    return agencyErrors.error('agency-server-untrusted', { details: { reason } });
  }
}

function shownBy(socket: TLSSocket, certificate: X509Certificate): Shown {
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' });
  return {
    sha256: toHex(sha256(certificate.raw)),
    spki: toHex(sha256(spki)),
    fromMs: Date.parse(certificate.validFrom),
    untilMs: Date.parse(certificate.validTo),
    trouble: socket.authorized ? undefined : String(socket.authorizationError),
  };
}

/** What failed before there was a connection: nothing was sent, whatever it was. */
function handshakeFailure(cause: Error): Error {
  return NOT_SENT.has(codeOf(cause)) ? cause : agencyErrors.error('agency-handshake-failed', { cause });
}
