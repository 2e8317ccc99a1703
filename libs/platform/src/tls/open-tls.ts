import type { Logger } from '../logging/logger.js';
import { isLoopbackAddress } from '../http/loopback.js';
import { tlsErrors } from './tls.errors.js';
import { speaksTls, TlsListener, type TlsSettings } from './tls-listener.js';

/**
 * TLS as an app's settings ask for it; undefined: plain HTTP, on loopback alone. Throws where it would be heard in the
 * clear by other machines, or has files that cannot be used: nothing else may have begun by then.
 */
export async function openTls(
  settings: TlsSettings & { readonly host: string },
  logger: Logger,
): Promise<TlsListener | undefined> {
  if (!speaksTls(settings)) {
    refuseInTheClear(settings.host);
    return undefined;
  }
  return TlsListener.open(settings, {
    reloaded: () => logger.info({}, 'new certificates, authorities and revocation lists count now'),
    failed: (what, cause) => logger.error({ what, err: cause }, 'TLS files cannot be used; the old ones count'),
  });
}

/** Throws `listening-in-the-clear` unless no other machine can connect to that address. */
export function refuseInTheClear(host: string): void {
  if (!isLoopbackAddress(host)) throw tlsErrors.error('listening-in-the-clear', { details: { host } });
}
