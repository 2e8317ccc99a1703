import { createHash, webcrypto } from 'node:crypto';
import { Integer, Utf8String } from 'asn1js';
import {
  AttributeTypeAndValue,
  BasicConstraints,
  Certificate,
  CertificateRevocationList,
  CryptoEngine,
  ExtKeyUsage,
  Extension,
  RelativeDistinguishedNames,
  RevokedCertificate,
  setEngine,
  Time,
} from 'pkijs';

setEngine('node', new CryptoEngine({ name: 'node', crypto: webcrypto as never }));

const DAY_MS = 24 * 60 * 60_000;
const COMMON_NAME = '2.5.4.3';
const BASIC_CONSTRAINTS = '2.5.29.19';
const EXTENDED_KEY_USAGE = '2.5.29.37';
const CLIENT = '1.3.6.1.5.5.7.3.2';
const SERVER = '1.3.6.1.5.5.7.3.1';

/** A certificate and its private key, as TLS takes them, and as the registry names it. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
  /** Hex SHA-256 of the DER form. */
  readonly sha256: string;
  readonly serial: number;
}

export interface Wanted {
  readonly name?: string;
  readonly fromMs?: number;
  readonly untilMs?: number;
  /** Bits of an RSA key; absent: a key on P-256. */
  readonly rsaBits?: number;
  readonly hash?: 'SHA-1' | 'SHA-256';
  /** What it may be used for; absent: for servers and clients. */
  readonly usage?: 'server';
  /** The key of another certificate. */
  readonly keyOf?: Issued;
  /** A certificate that issues others. */
  readonly isAuthority?: boolean;
}

/** An authority as an operator's own, in memory: it issues certificates and revokes them. */
export interface Authority {
  readonly cert: string;
  issue(wanted?: Wanted): Promise<Issued>;
  /** Its revocation list, good until then. */
  revoke(serials: readonly number[], untilMs?: number): Promise<string>;
}

type Pair = { readonly publicKey: webcrypto.CryptoKey; readonly privateKey: webcrypto.CryptoKey };

export async function makeAuthority(name: string): Promise<Authority> {
  const pair = await keyPair({});
  const own = await signed(pair, { name, isAuthority: true }, { name, key: pair.privateKey });
  return {
    cert: own.cert,
    issue: async (wanted = {}) => {
      const keys = wanted.keyOf === undefined ? await keyPair(wanted) : await pairOf(wanted.keyOf);
      return signed(keys, wanted, { name, key: pair.privateKey });
    },
    revoke: (serials, untilMs = Date.now() + DAY_MS) => revocationList(name, pair.privateKey, serials, untilMs),
  };
}

/** A certificate that nobody but its own key vouches for. */
export async function selfSigned(wanted: Wanted = {}): Promise<Issued> {
  const pair = await keyPair(wanted);
  return signed(pair, wanted, { name: wanted.name ?? 'client', key: pair.privateKey });
}

let serials = 1_000;

async function signed(
  pair: Pair,
  wanted: Wanted,
  issuer: { readonly name: string; readonly key: webcrypto.CryptoKey },
): Promise<Issued> {
  const { name = 'client', fromMs = Date.now() - DAY_MS, untilMs = Date.now() + DAY_MS } = wanted;
  const certificate = new Certificate({ version: 2 });
  const serial = (serials += 1);
  certificate.serialNumber = new Integer({ value: serial });
  certificate.issuer = nameOf(issuer.name);
  certificate.subject = nameOf(name);
  certificate.notBefore = new Time({ value: new Date(fromMs) });
  certificate.notAfter = new Time({ value: new Date(untilMs) });
  certificate.extensions = [
    new Extension({
      extnID: BASIC_CONSTRAINTS,
      critical: true,
      extnValue: new BasicConstraints({ cA: wanted.isAuthority ?? false }).toSchema().toBER(),
    }),
  ];
  if (wanted.isAuthority !== true)
    certificate.extensions.push(
      new Extension({
        extnID: EXTENDED_KEY_USAGE,
        extnValue: new ExtKeyUsage({ keyPurposes: wanted.usage === 'server' ? [SERVER] : [SERVER, CLIENT] })
          .toSchema()
          .toBER(),
      }),
    );
  await certificate.subjectPublicKeyInfo.importKey(pair.publicKey);
  await certificate.sign(issuer.key, wanted.hash ?? 'SHA-256');
  const der = Buffer.from(certificate.toSchema(true).toBER());
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', pair.privateKey));
  return {
    cert: pem('CERTIFICATE', der),
    key: pem('PRIVATE KEY', key),
    sha256: createHash('sha256').update(der).digest('hex'),
    serial,
  };
}

async function revocationList(
  name: string,
  key: webcrypto.CryptoKey,
  revoked: readonly number[],
  untilMs: number,
): Promise<string> {
  const list = new CertificateRevocationList({
    version: 1,
    issuer: nameOf(name),
    thisUpdate: new Time({ value: new Date(Date.now() - 2 * DAY_MS) }),
    nextUpdate: new Time({ value: new Date(untilMs) }),
  });
  if (revoked.length > 0)
    list.revokedCertificates = revoked.map(
      (serial) =>
        new RevokedCertificate({
          userCertificate: new Integer({ value: serial }),
          revocationDate: new Time({ value: new Date(Date.now() - DAY_MS) }),
        }),
    );
  await list.sign(key, 'SHA-256');
  return pem('X509 CRL', Buffer.from(list.toSchema(true).toBER()));
}

async function keyPair({ rsaBits, hash = 'SHA-256' }: Wanted): Promise<Pair> {
  const algorithm =
    rsaBits === undefined
      ? { name: 'ECDSA', namedCurve: 'P-256' }
      : {
          name: 'RSASSA-PKCS1-v1_5',
          modulusLength: rsaBits,
          publicExponent: new Uint8Array([1, 0, 1]),
          hash,
        };
  return await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

async function pairOf({ key }: Issued): Promise<Pair> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  const der = Buffer.from(key.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  const privateKey = await webcrypto.subtle.importKey('pkcs8', der, algorithm, true, ['sign']);
  const { kty = '', crv = '', x = '', y = '' } = await webcrypto.subtle.exportKey('jwk', privateKey);
  const publicKey = await webcrypto.subtle.importKey('jwk', { kty, crv, x, y }, algorithm, true, ['verify']);
  return { publicKey, privateKey };
}

function nameOf(name: string): RelativeDistinguishedNames {
  const value = new Utf8String({ value: name });
  return new RelativeDistinguishedNames({
    typesAndValues: [new AttributeTypeAndValue({ type: COMMON_NAME, value })],
  });
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
