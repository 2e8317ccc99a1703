import { fromBase64, sha256, toHex } from '#kernel';

export interface Fingerprint {
  readonly what: string;
  readonly fingerprint: string;
}

export interface TrustedKeys {
  readonly logs: readonly string[];
  readonly registryKeys: readonly { readonly kid: string }[];
}

/** What two people compare to know that they trust the same keys: SHA-256 of a log's key, thumbprint of the registry's. */
export function fingerprints(trust: TrustedKeys): Fingerprint[] {
  return [
    ...trust.logs.map((vkey) => ({ what: 'log', fingerprint: `${nameOf(vkey)} ${keyDigest(vkey)}` })),
    ...trust.registryKeys.map(({ kid }) => ({ what: 'registry', fingerprint: kid })),
  ];
}

/** `name+hash+key` of C2SP signed-note; the key's base64 may hold `+` itself. */
function nameOf(vkey: string): string {
  return vkey.split('+', 2).join('+');
}

function keyDigest(vkey: string): string {
  const text = vkey.slice(nameOf(vkey).length + 1);
  const key = fromBase64(text);
  return key === undefined ? 'unreadable' : toHex(sha256(key.subarray(1))).slice(0, 32);
}
