import type { Server } from 'node:http';
import { Server as TlsServer } from 'node:tls';
import type { Provider } from '@nestjs/common';
import type { Clock, InstanceId } from '#kernel';
import { isLoopbackAddress, openTls, speaksTls, type Logger, type TlsListener, type TlsSettings } from '#platform';
import type { Database } from '#postgres';
import type { Signer } from '#signing';
import type { Rights } from '../rights/rights.js';
import { CertificateAuthenticator } from './certificate-authenticator.js';
import { ClientAssertionStore } from './client-assertion.store.js';
import { ClientAssertionsWorker } from './client-assertions.worker.js';
import { consumerAuthErrors } from './consumer-auth.errors.js';
import type { ConsumerAuthenticator } from './consumer-authenticator.js';
import { HeaderAuthenticator } from './header-authenticator.js';
import { TokenAuthenticator } from './token-authenticator.js';
import { TokenService } from './token.service.js';

export interface ConsumerAuthSettings extends TlsSettings {
  readonly host: string;
  readonly consumerAuth: 'loopback' | 'proven';
  readonly publicUrl: string;
}

export interface ConsumerAuthContext {
  readonly settings: ConsumerAuthSettings;
  readonly rights: Rights;
  readonly gateway: InstanceId;
  readonly clock: Clock;
  readonly database: Database;
  /** This gateway's own key, if it is both held and published as valid. */
  readonly signer: () => Signer | undefined;
  readonly logger: Logger;
}

/** How consumers prove who they are, wired: one authenticator for all paths, and the tokens that it takes. */
export class ConsumerAuth {
  readonly authenticator: ConsumerAuthenticator;
  private readonly tokens: TokenService;
  private readonly worker: ClientAssertionsWorker;
  /** Written by `start`: a port may be the system's choice. */
  private url: string;

  private constructor(
    { settings, rights, gateway, clock, database, signer, logger }: ConsumerAuthContext,
    readonly tls: TlsListener | undefined,
  ) {
    const otherwise =
      settings.consumerAuth === 'proven'
        ? new CertificateAuthenticator(rights, gateway, clock)
        : new HeaderAuthenticator(rights, gateway);
    this.authenticator = new TokenAuthenticator(rights, gateway, clock, otherwise);
    const used = new ClientAssertionStore(database);
    const failed = (what: string, cause: unknown) => logger.warn({ what, err: cause }, 'consumer authentication');
    this.url = settings.publicUrl;
    this.tokens = new TokenService({ rights, gateway, clock, used, signer, failed, url: () => this.url });
    this.worker = new ClientAssertionsWorker(used, clock, failed);
  }

  /** Throws where consumers would not be safe: nothing else may have begun by then. */
  static async open(context: ConsumerAuthContext): Promise<ConsumerAuth> {
    const { settings, logger } = context;
    // Without TLS the authenticator says what is wrong with the address.
    const tls = speaksTls(settings) ? await openTls(settings, logger) : undefined;
    const auth = new ConsumerAuth(context, tls);
    const objection = auth.authenticator.objectionTo(settings.host, tls !== undefined);
    if (objection !== undefined) throw consumerAuthErrors.error(objection);
    // "0.0.0.0" is the name of many: an assertion that one was shown would open the others.
    if (settings.publicUrl === '' && !isLoopbackAddress(settings.host))
      throw consumerAuthErrors.error('gateway-url-missing');
    if (auth.authenticator.trustsLoopback)
      logger.warn(
        { host: settings.host },
        'consumers are believed by X-Road-Client, because only this machine can connect',
      );
    return auth;
  }

  /** Call before the server listens: from its first connection on, its clients' certificates are known. */
  attach(server: Server): void {
    if (server instanceof TlsServer) this.tls?.attach(server);
  }

  /** Call when the server listens. */
  start(url: string): void {
    if (this.url === '') this.url = url;
    this.worker.start();
    this.tls?.start();
  }

  async stop(): Promise<void> {
    await Promise.all([this.worker.stop(), this.tls?.stop()]);
  }

  /** For `TokenController`. */
  providers(): Provider[] {
    return [{ provide: TokenService, useValue: this.tokens }];
  }
}
