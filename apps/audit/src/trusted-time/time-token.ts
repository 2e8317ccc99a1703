import { SignedDataVerifyError, type Certificate, type TSTInfo } from 'pkijs';
import { bytesEqual, ok, refuse, sha256, type Result } from '#kernel';
import { namesSigningCertificate } from './signing-certificate.js';
import { SHA256_OID, type TimeRequest } from './time-request.js';
import { openResponse, type OpenedToken, type ResponseReason } from './time-response.js';
import { derOf, isForTimeStampingAlone, isValidAt } from './token-certificates.js';

export const tokenReasons = [
  'response-unreadable',
  'request-refused',
  'token-form',
  'token-imprint',
  'token-nonce',
  'token-time',
  'token-certificate-time',
  'token-certificate-purpose',
  'token-certificate-binding',
  'token-signature',
  'token-chain',
] as const;
export type TokenReason = (typeof tokenReasons)[number];

/** Further apart, either the authority's clock is wrong or ours. */
const MAX_DISTANCE_MS = 5 * 60_000;

interface TokenTrust {
  /** From the trust file and nowhere else. */
  readonly roots: readonly Certificate[];
  readonly nowMs: number;
}

export interface TokenCheck extends TokenTrust {
  readonly request: TimeRequest;
  /** When the answer came, by our clock. */
  readonly nowMs: number;
}

export interface StoredTokenCheck extends TokenTrust {
  /** What it must stamp. */
  readonly text: Uint8Array;
}

/**
 * Whether a response is a token for exactly this request by an authority under one of the roots, whose certificate was
 * good for time-stamping, and nothing else, at the token's own time (`audit-log.md` §5). Never throws.
 */
export function checkToken(der: Uint8Array, check: TokenCheck): Promise<Result<{ timeMs: number }, TokenReason>> {
  const { request, nowMs } = check;
  return checkOpened(der, { ...check, text: request.text }, (info) => {
    if (info.nonce === undefined || !bytesEqual(info.nonce.valueBlock.valueHexView, request.nonce))
      return 'token-nonce';
    return Math.abs(info.genTime.getTime() - nowMs) > MAX_DISTANCE_MS ? 'token-time' : undefined;
  });
}

/**
 * The same of a token that was checked before it was stored, however long ago: its request is gone, but the signature
 * covers the nonce as well. Never throws.
 */
export function checkStoredToken(
  der: Uint8Array,
  check: StoredTokenCheck,
): Promise<Result<{ timeMs: number }, TokenReason>> {
  return checkOpened(der, check, ({ genTime }) =>
    genTime.getTime() > check.nowMs + MAX_DISTANCE_MS ? 'token-time' : undefined,
  );
}

async function checkOpened(
  der: Uint8Array,
  { text, roots }: StoredTokenCheck,
  askedFor: (info: TSTInfo) => TokenReason | undefined,
): Promise<Result<{ timeMs: number }, TokenReason>> {
  const opened: Result<OpenedToken, ResponseReason> = openResponse(der);
  if (!opened.ok) return opened;
  const { info } = opened.value;
  const problem =
    imprintProblem(info, text) ??
    askedFor(info) ??
    certificateProblem(opened.value) ??
    (await signatureProblem(opened.value, text, roots));
  return problem === undefined ? ok({ timeMs: info.genTime.getTime() }) : refuse(problem);
}

/** The time that a token states, if it is one; for tokens that were checked before they were stored. */
export function timeOf(der: Uint8Array): number | undefined {
  const opened = openResponse(der);
  return opened.ok ? opened.value.info.genTime.getTime() : undefined;
}

function imprintProblem(info: TSTInfo, text: Uint8Array): TokenReason | undefined {
  const { hashAlgorithm, hashedMessage } = info.messageImprint;
  const imprint = new Uint8Array(hashedMessage.getValue());
  return hashAlgorithm.algorithmId !== SHA256_OID || !bytesEqual(imprint, sha256(text)) ? 'token-imprint' : undefined;
}

function certificateProblem({ info, certificate, certificates, signer }: OpenedToken): TokenReason | undefined {
  if (!certificates.every((one) => isValidAt(one, info.genTime))) return 'token-certificate-time';
  if (!isForTimeStampingAlone(certificate)) return 'token-certificate-purpose';
  return namesSigningCertificate(signer, certificate) ? undefined : 'token-certificate-binding';
}

async function signatureProblem(
  { signedData, certificates, info }: OpenedToken,
  text: Uint8Array,
  roots: readonly Certificate[],
): Promise<TokenReason | undefined> {
  try {
    const { signatureVerified, certificatePath } = await signedData.verify({
      signer: 0,
      data: new Uint8Array(text).buffer,
      trustedCerts: roots.filter((root) => isValidAt(root, info.genTime)),
      checkDate: info.genTime,
      checkChain: true,
      // Nobody keeps lists of revoked certificates for decades; a second authority stands beside each.
      passedWhenNotRevValues: true,
      extendedMode: true,
    });
    if (signatureVerified !== true) return 'token-signature';
    const path = certificatePath.map(derOf);
    return certificates.every((one) => path.some((step) => step.equals(derOf(one)))) ? undefined : 'token-chain';
  } catch (cause) {
    return cause instanceof SignedDataVerifyError && cause.code === CHAIN_FAILED ? 'token-chain' : 'token-signature';
  }
}

/** Of `SignedDataVerifyError`. */
const CHAIN_FAILED = 5;
