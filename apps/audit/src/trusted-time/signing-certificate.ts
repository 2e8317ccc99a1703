import { Integer, ObjectIdentifier, OctetString, Sequence, type AsnType } from 'asn1js';
import type { Certificate, SignerInfo } from 'pkijs';
import { hash } from 'node:crypto';
import { bytesEqual } from '#kernel';

const SIGNING_CERTIFICATE_V2 = '1.2.840.113549.1.9.16.2.47';
/** By object identifier; absent means the first (RFC 5035 §4). */
const HASHES: Readonly<Record<string, string>> = {
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/**
 * Whether the signed attributes name this certificate by its digest (RFC 5816): otherwise another certificate for the
 * same key could be put in its place. Only the first of `ESSCertIDv2`s is the signer's own.
 */
export function namesSigningCertificate(signer: SignerInfo, certificate: Certificate): boolean {
  const id = firstId(signer);
  if (id === undefined) return false;
  const fields = childrenOf(id);
  const algorithm = fields[0] instanceof Sequence ? fields.shift() : undefined;
  const name = algorithm === undefined ? 'sha256' : hashNameOf(algorithm);
  const [digest, issuerSerial] = fields;
  if (name === undefined || !(digest instanceof OctetString)) return false;
  const der = Buffer.from(certificate.toSchema().toBER());
  if (!bytesEqual(new Uint8Array(digest.getValue()), hash(name, der, 'buffer'))) return false;
  return issuerSerial === undefined || namesSerial(issuerSerial, certificate);
}

/** SigningCertificateV2 → its list of ids → the first. */
function firstId({ signedAttrs }: SignerInfo): AsnType | undefined {
  const [attribute, ...others] = (signedAttrs?.attributes ?? []).filter(({ type }) => type === SIGNING_CERTIFICATE_V2);
  if (attribute === undefined || others.length > 0 || attribute.values.length !== 1) return undefined;
  const [ids] = childrenOf(attribute.values[0]);
  const [first] = childrenOf(ids);
  return first;
}

function hashNameOf(algorithm: AsnType): string | undefined {
  const [oid] = childrenOf(algorithm);
  return oid instanceof ObjectIdentifier ? HASHES[oid.getValue()] : undefined;
}

function namesSerial(issuerSerial: AsnType, { serialNumber }: Certificate): boolean {
  const serial = childrenOf(issuerSerial)[1];
  return serial instanceof Integer && serial.isEqual(serialNumber);
}

function childrenOf(value: unknown): AsnType[] {
  return value instanceof Sequence ? [...value.valueBlock.value] : [];
}
