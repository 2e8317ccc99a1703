import { fromBER } from 'asn1js';
import { Certificate, ExtKeyUsage, id_ExtKeyUsage as EXT_KEY_USAGE } from 'pkijs';

const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';
const PEM = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/gu;

/** The certificates of a PEM text; undefined if there is none, or one that cannot be read. */
export function parseRoots(pem: string): Certificate[] | undefined {
  try {
    const roots = [...pem.matchAll(PEM)].map(([, body = '']) => {
      const der = Buffer.from(body, 'base64');
      return new Certificate({ schema: fromBER(der).result });
    });
    return roots.length === 0 ? undefined : roots;
  } catch {
    // Whoever configured it is told which one; why a parser dislikes it helps nobody.
    return undefined;
  }
}

/** RFC 3161 §2.3: the extension is critical, and time-stamping the only purpose. */
export function isForTimeStampingAlone({ extensions }: Certificate): boolean {
  const found = (extensions ?? []).filter(({ extnID }) => extnID === EXT_KEY_USAGE);
  const [usage] = found;
  if (usage === undefined || found.length > 1 || !usage.critical) return false;
  const purposes = usage.parsedValue instanceof ExtKeyUsage ? usage.parsedValue.keyPurposes : [];
  return purposes.length === 1 && purposes[0] === TIME_STAMPING;
}

/** Both ends are within (RFC 5280 §4.1.2.5). */
export function isValidAt({ notBefore, notAfter }: Certificate, time: Date): boolean {
  return notBefore.value <= time && time <= notAfter.value;
}

export function derOf(certificate: Certificate): Buffer {
  return Buffer.from(certificate.toSchema().toBER());
}
