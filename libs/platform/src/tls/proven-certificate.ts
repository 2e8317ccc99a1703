/** A client certificate that TLS has found good, and when it holds. */
export interface ProvenCertificate {
  /** Hex SHA-256 of its DER form. */
  readonly sha256: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Written by the TLS listener when a connection is made, and when what it was judged by has changed. */
const proven = new WeakMap<object, ProvenCertificate>();

export function rememberCertificate(connection: object, certificate: ProvenCertificate): void {
  proven.set(connection, certificate);
}

export function forgetCertificate(connection: object): void {
  proven.delete(connection);
}

/** The certificate behind a connection, if it still holds: a connection can outlive it. */
export function provenCertificateOf(connection: object, nowMs: number): string | undefined {
  const certificate = proven.get(connection);
  if (certificate === undefined || nowMs < certificate.fromMs || certificate.untilMs <= nowMs) return undefined;
  return certificate.sha256;
}
