import { keyBytes, type PublicJwk } from '#signing';

/** DER of the curves' names (RFC 8410, RFC 5480), and the PrintableString that PKCS#11 3.0 uses for Ed25519. */
const ED25519 = ['06032b6570', '130c656477617264733235353139'];
const P256 = '06082a8648ce3d030107';

/** CKA_EC_PARAMS and CKA_EC_POINT of a public key object as a JWK; undefined for a curve or a point that is not ours. */
export function tokenPublicKey(params: Uint8Array, point: Uint8Array): PublicJwk | undefined {
  const curve = Buffer.from(params).toString('hex');
  const raw = Buffer.from(point);
  if (ED25519.includes(curve)) {
    const x = unwrapped(raw, 32)?.toString('base64url');
    return x === undefined || keyBytes(x) === undefined ? undefined : { kty: 'OKP', crv: 'Ed25519', x };
  }
  const octets = curve === P256 ? unwrapped(raw, 65) : undefined;
  if (octets?.[0] !== 0x04) return undefined;
  const [x, y] = [octets.subarray(1, 33), octets.subarray(33)].map((half) => half.toString('base64url'));
  return x === undefined || y === undefined ? undefined : { kty: 'EC', crv: 'P-256', x, y };
}

/** The point within its DER OCTET STRING (or BIT STRING), or bare, as some modules give it. */
function unwrapped(point: Buffer, length: number): Buffer | undefined {
  if (point.length === length) return point;
  if (point.length === length + 2 && point[0] === 0x04 && point[1] === length) return point.subarray(2);
  if (point.length === length + 3 && point[0] === 0x03 && point[1] === length + 1) return point.subarray(3);
  return undefined;
}
