/** What `openssl ts -reply` needs to know of an authority (`audit-log.md` §5); its files lie in the working directory. */
export const TSA_SECTION = 'tsa';
export const TSA_CONFIG = `[ ${TSA_SECTION} ]
serial = ./serial
signer_cert = ./tsa.pem
signer_key = ./tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
clock_precision_digits = 3
ordering = no
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
`;

/** A time-stamp authority's certificate is good for this and nothing else (RFC 3161 §2.3). */
export const TSA_EXTENSIONS = `basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
`;

/** The sandbox's two authorities: nothing in common, not even the kind of their keys. */
export const AUTHORITIES = [
  { name: 'sandbox-time-1', port: 'time1', newKey: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] },
  { name: 'sandbox-time-2', port: 'time2', newKey: ['rsa:2048'] },
] as const;
export type AuthorityName = (typeof AUTHORITIES)[number]['name'];
