import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext, type ConnectionOptions } from 'node:tls';
import { AppError } from '#kernel';
import { busErrors } from '../bus.errors.js';
import type { BusLogger } from '../logger.js';

/** What this process shows the broker, and whose broker it believes; PEM. */
export interface KafkaTlsFiles {
  /** The authorities that may vouch for a broker. */
  readonly caFile: string;
  /** This process's certificate, with intermediates if there are any; its common name is the principal. */
  readonly certFile: string;
  /** Its private key, readable for its owner alone. */
  readonly keyFile: string;
}

/** Bits of a mode that let anybody but the owner in. */
const OTHERS = 0o077;
/** So long before its end a certificate is warned of, once: the operator's own alarm reads the log or the file. */
const ENDS_SOON_MS = 14 * 24 * 60 * 60_000;

/**
 * The files of one principal, looked at anew for each connection: a renewed certificate counts from the next one on,
 * without a restart. Files that cannot be used then leave the last good ones in use; at the start they are an error.
 */
export class KafkaTls {
  /** The newest that could be used; written by `options`. */
  private good: ConnectionOptions;
  /** The end that was warned of: once for each certificate, not at each connection. */
  private warnedOf = '';

  constructor(
    private readonly files: KafkaTlsFiles,
    private readonly logger: BusLogger,
    private readonly nowMs: () => number = Date.now,
  ) {
    this.good = this.read();
  }

  options(): ConnectionOptions {
    try {
      this.good = this.read();
    } catch (cause) {
      const problems = cause instanceof AppError ? cause.extensions['problems'] : undefined;
      this.logger.error({ problems }, 'the files for TLS with Kafka cannot be used; those from before stay in use');
    }
    return this.good;
  }

  private read(): ConnectionOptions {
    const { caFile, certFile, keyFile } = this.files;
    refuseOpenKey(keyFile);
    const [ca, cert, key] = [textOf(caFile), textOf(certFile), textOf(keyFile)];
    const certificate = certificateOf(certFile, cert);
    certificateOf(caFile, ca);
    if (!fits(certificate, key)) throw unusable(keyFile, 'is not the private key of the certificate');
    this.checkTime(certFile, certificate);
    // By default Node believes what NODE_TLS_REJECT_UNAUTHORIZED says; nobody may switch this off in passing.
    const options = { ca, cert, key, minVersion: 'TLSv1.2', rejectUnauthorized: true } as const;
    createSecureContext(options);
    return options;
  }

  private checkTime(file: string, { validFrom, validTo, subject }: X509Certificate): void {
    const [fromMs, untilMs, nowMs] = [Date.parse(validFrom), Date.parse(validTo), this.nowMs()];
    if (nowMs >= untilMs) throw unusable(file, `has ended on ${new Date(untilMs).toISOString()}`);
    if (nowMs < fromMs) throw unusable(file, `begins on ${new Date(fromMs).toISOString()} only`);
    if (untilMs - nowMs >= ENDS_SOON_MS || this.warnedOf === validTo) return;
    this.warnedOf = validTo;
    this.logger.warn({ subject, until: new Date(untilMs).toISOString() }, 'the certificate for Kafka ends soon');
  }
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/;

/** Without TLS whoever is on the way reads and writes as he likes, so it is for this machine alone. */
export function refusePlaintext(brokers: readonly string[], isAllowed: boolean, logger: BusLogger): void {
  const remote = brokers.filter((broker) => !LOOPBACK.test(broker.replace(/:\d+$/, '')));
  if (remote.length === 0) return;
  if (!isAllowed) {
    const problems = remote.map((broker) => `${broker} is another machine, and KAFKA_TLS_CA, _CERT and _KEY are empty`);
    throw busErrors.error('bus-plaintext-refused', { extensions: { problems } });
  }
  logger.warn(
    { brokers: remote.join(',') },
    'KAFKA IS SPOKEN WITHOUT TLS to another machine (KAFKA_PLAINTEXT): whoever is on the way can read and write as this process',
  );
}

function refuseOpenKey(file: string): void {
  let mode;
  try {
    ({ mode } = statSync(file));
  } catch (cause) {
    throw unreadable(file, cause);
  }
  if ((mode & OTHERS) === 0) return;
  const problems = [`${file} has mode ${(mode & 0o777).toString(8).padStart(4, '0')}: chmod 600 ${file}`];
  throw busErrors.error('bus-key-file-mode', { extensions: { problems } });
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

function certificateOf(file: string, text: string): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch {
    // Its cause may quote the file.
    throw unusable(file, 'is no certificate in PEM');
  }
}

function fits(certificate: X509Certificate, key: string): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    // Encrypted, cut, or no key at all.
    return false;
  }
}

function unreadable(file: string, cause: unknown): AppError {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : 'unknown';
  return unusable(file, `cannot be read (${code})`);
}

function unusable(file: string, what: string): AppError {
  return busErrors.error('bus-tls-files', { extensions: { problems: [`${file} ${what}`] } });
}
