import { fromBER, Integer, Null, OctetString, Sequence } from 'asn1js';
import {
  Certificate,
  id_ContentType_SignedData as SIGNED_DATA,
  id_eContentType_TSTInfo as TST_INFO,
  IssuerAndSerialNumber,
  PKIStatus,
  SignedData,
  TimeStampResp,
  TSTInfo,
  type AlgorithmIdentifier,
  type ContentInfo,
  type SignerInfo,
} from 'pkijs';
import { ok, refuse, type Result } from '#kernel';
import { isStrictDer } from './der-form.js';
import { SHA256_OID } from './time-request.js';

/** A time-stamp token taken apart; nothing about it is believed yet. */
export interface OpenedToken {
  readonly signedData: SignedData;
  readonly info: TSTInfo;
  readonly signer: SignerInfo;
  /** The one that the signer names. */
  readonly certificate: Certificate;
  readonly certificates: readonly Certificate[];
}

export type ResponseReason = 'response-unreadable' | 'request-refused' | 'token-form';

const DIGESTS = [SHA256_OID, '2.16.840.1.101.3.4.2.2', '2.16.840.1.101.3.4.2.3'];
const ECDSA = ['1.2.840.10045.4.3.2', '1.2.840.10045.4.3.3', '1.2.840.10045.4.3.4'];
/** ECDSA and RSA (bare, or with their digest) over SHA-256, -384, -512. */
const SIGNATURES = [
  ...ECDSA,
  '1.2.840.113549.1.1.1',
  '1.2.840.113549.1.1.11',
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
];

/**
 * Takes a response apart (RFC 3161 §2.4.2), stricter than the standard: one spelling, one signer, and nothing beside
 * what is signed or checked, because what nobody vouches for could be changed after we have stored it.
 */
export function openResponse(der: Uint8Array): Result<OpenedToken, ResponseReason> {
  try {
    if (!isStrictDer(der)) return refuse('response-unreadable');
    const response = new TimeStampResp({ schema: fromBER(der).result });
    if (response.status.status !== PKIStatus.granted) return refuse('request-refused');
    const { failInfo, statusStrings } = response.status;
    if (failInfo !== undefined || statusStrings !== undefined) return refuse('token-form');
    const opened = response.timeStampToken === undefined ? undefined : openToken(response.timeStampToken);
    return opened === undefined ? refuse('token-form') : ok(opened);
  } catch {
    // The parser throws on whatever does not fit; which of its sentences does not matter to anybody.
    return refuse('response-unreadable');
  }
}

function openToken(content: ContentInfo): OpenedToken | undefined {
  if (content.contentType !== SIGNED_DATA) return undefined;
  const signedData = new SignedData({ schema: content.content });
  const { eContentType, eContent } = signedData.encapContentInfo;
  const [signer, ...others] = signedData.signerInfos;
  if (eContentType !== TST_INFO || !(eContent instanceof OctetString) || signer === undefined || others.length > 0)
    return undefined;
  const info = TSTInfo.fromBER(eContent.getValue());
  const certificates = (signedData.certificates ?? []).filter((item) => item instanceof Certificate);
  const certificate = certificates.find((candidate) => isNamedBy(signer, candidate));
  if (certificate === undefined || certificates.length !== signedData.certificates?.length) return undefined;
  if (info.version !== 1 || !isPlain(signedData, signer)) return undefined;
  return { signedData, info, signer, certificate, certificates };
}

/** Nothing beside what is signed: versions as they must be, no lists of revoked certificates, no unsigned attributes. */
function isPlain(signedData: SignedData, signer: SignerInfo): boolean {
  if (signedData.version !== 3 || signedData.crls !== undefined) return false;
  if (!(signedData.certificates ?? []).every(hasWholeSignature)) return false;
  if (signer.version !== 1 || signer.unsignedAttrs !== undefined) return false;
  return hasSoundAlgorithms(signedData, signer);
}

/** A signature is octets: how many bits of the last one do not count stands outside what is signed. */
function hasWholeSignature(item: unknown): boolean {
  return item instanceof Certificate && item.signatureValue.valueBlock.unusedBits === 0;
}

function isNamedBy({ sid }: SignerInfo, { issuer, serialNumber }: Certificate): boolean {
  return (
    sid instanceof IssuerAndSerialNumber &&
    Buffer.from(sid.issuer.toSchema().toBER()).equals(Buffer.from(issuer.toSchema().toBER())) &&
    sid.serialNumber instanceof Integer &&
    sid.serialNumber.isEqual(serialNumber)
  );
}

/** The names of algorithms stand outside what is signed, so only the ones that fit are taken. */
function hasSoundAlgorithms({ digestAlgorithms }: SignedData, signer: SignerInfo): boolean {
  const [digest, ...others] = digestAlgorithms;
  return (
    digest !== undefined &&
    others.length === 0 &&
    digest.algorithmId === signer.digestAlgorithm.algorithmId &&
    isOneOf(DIGESTS, digest) &&
    isOneOf(DIGESTS, signer.digestAlgorithm) &&
    isOneOf(SIGNATURES, signer.signatureAlgorithm) &&
    // The one kind of signature that has a structure, hence spellings.
    (!isOneOf(ECDSA, signer.signatureAlgorithm) || isEcdsaSignature(new Uint8Array(signer.signature.getValue())))
  );
}

/** Two integers in strict DER; the parser would take other types for them. */
function isEcdsaSignature(bytes: Uint8Array): boolean {
  if (!isStrictDer(bytes)) return false;
  const { result } = fromBER(bytes);
  const numbers = result instanceof Sequence ? result.valueBlock.value : [];
  return numbers.length === 2 && numbers.every(({ idBlock }) => idBlock.tagClass === 1 && idBlock.tagNumber === 2);
}

function isOneOf(allowed: readonly string[], { algorithmId, algorithmParams }: AlgorithmIdentifier): boolean {
  return allowed.includes(algorithmId) && (algorithmParams === undefined || algorithmParams instanceof Null);
}
