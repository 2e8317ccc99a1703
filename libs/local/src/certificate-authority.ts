import { randomBytes, webcrypto } from 'node:crypto';
import { BitString, Integer, OctetString, Utf8String } from 'asn1js';
import {
  AttributeTypeAndValue,
  BasicConstraints,
  Certificate,
  CryptoEngine,
  ExtKeyUsage,
  Extension,
  GeneralName,
  GeneralNames,
  RelativeDistinguishedNames,
  Time,
} from 'pkijs';

/** A certificate and its private key (PKCS#8), both PEM. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
}

export interface Wanted {
  /** Common name, the whole of the subject. */
  readonly name: string;
  readonly fromMs: number;
  readonly untilMs: number;
  /** For a server of this machine, by the names under which programs of this machine know it. */
  readonly isServer?: boolean;
}

const engine = new CryptoEngine({ name: 'node', crypto: webcrypto as never });
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' };

const COMMON_NAME = '2.5.4.3';
const SUBJECT_ALT_NAME = '2.5.29.17';
const KEY_USAGE = '2.5.29.15';
const BASIC_CONSTRAINTS = '2.5.29.19';
const EXTENDED_KEY_USAGE = '2.5.29.37';
const SERVER = '1.3.6.1.5.5.7.3.1';
const CLIENT = '1.3.6.1.5.5.7.3.2';
/** Bits of `keyUsage`, the first one highest: digitalSignature is 0, keyCertSign 5, cRLSign 6. */
const SIGNS = 0b1000_0000;
const ISSUES = 0b0000_0110;
const DNS_NAME = 2;
const IP_ADDRESS = 7;

/** An authority of this machine for the sandbox and the tests; a real installation has its own. */
export class CertificateAuthority {
  private constructor(
    private readonly name: string,
    private readonly key: webcrypto.CryptoKey,
    readonly own: Issued,
  ) {}

  static async make(wanted: Omit<Wanted, 'isServer'>): Promise<CertificateAuthority> {
    const pair = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
    const own = await signed(pair, wanted, { name: wanted.name, key: pair.privateKey }, authorityExtensions());
    return new CertificateAuthority(wanted.name, pair.privateKey, own);
  }

  /** The one that was made before. */
  static async from(own: Issued): Promise<CertificateAuthority> {
    const certificate = Certificate.fromBER(derOf(own.cert));
    const name = certificate.subject.typesAndValues.map(({ value }) => value.valueBlock.value).join();
    const key = await webcrypto.subtle.importKey('pkcs8', derOf(own.key), ALGORITHM, false, ['sign']);
    return new CertificateAuthority(name, key, own);
  }

  async issue(wanted: Wanted): Promise<Issued> {
    const pair = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
    return signed(pair, wanted, { name: this.name, key: this.key }, endExtensions(wanted.isServer === true));
  }
}

async function signed(
  pair: webcrypto.CryptoKeyPair,
  wanted: Wanted,
  issuer: { readonly name: string; readonly key: webcrypto.CryptoKey },
  extensions: Extension[],
): Promise<Issued> {
  const certificate = new Certificate({ version: 2 });
  certificate.serialNumber = serialNumber();
  certificate.issuer = nameOf(issuer.name);
  certificate.subject = nameOf(wanted.name);
  certificate.notBefore = new Time({ value: new Date(wanted.fromMs) });
  certificate.notAfter = new Time({ value: new Date(wanted.untilMs) });
  certificate.extensions = extensions;
  await certificate.subjectPublicKeyInfo.importKey(pair.publicKey, engine);
  await certificate.sign(issuer.key, 'SHA-256', engine);
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', pair.privateKey));
  return { cert: pem('CERTIFICATE', Buffer.from(certificate.toSchema(true).toBER())), key: pem('PRIVATE KEY', key) };
}

/** Positive, and never begun with a zero byte. */
function serialNumber(): Integer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return new Integer({ valueHex: Uint8Array.from(bytes).buffer });
}

function authorityExtensions(): Extension[] {
  return [
    extension(BASIC_CONSTRAINTS, new BasicConstraints({ cA: true }).toSchema().toBER(), true),
    extension(KEY_USAGE, keyUsage(ISSUES), true),
  ];
}

function endExtensions(isServer: boolean): Extension[] {
  const keyPurposes = isServer ? [SERVER, CLIENT] : [CLIENT];
  return [
    extension(BASIC_CONSTRAINTS, new BasicConstraints({ cA: false }).toSchema().toBER(), true),
    extension(KEY_USAGE, keyUsage(SIGNS), true),
    extension(EXTENDED_KEY_USAGE, new ExtKeyUsage({ keyPurposes }).toSchema().toBER()),
    ...(isServer ? [extension(SUBJECT_ALT_NAME, ownNames().toSchema().toBER())] : []),
  ];
}

function ownNames(): GeneralNames {
  const loopback = new OctetString({ valueHex: Uint8Array.from([127, 0, 0, 1]).buffer });
  return new GeneralNames({
    names: [
      new GeneralName({ type: IP_ADDRESS, value: loopback }),
      new GeneralName({ type: DNS_NAME, value: 'localhost' }),
    ],
  });
}

function keyUsage(bits: number): ArrayBuffer {
  return new BitString({ valueHex: Uint8Array.from([bits]).buffer, unusedBits: bits === SIGNS ? 7 : 1 }).toBER();
}

function extension(extnID: string, extnValue: ArrayBuffer, critical = false): Extension {
  return new Extension({ extnID, critical, extnValue });
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

function derOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(text.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64'));
}
