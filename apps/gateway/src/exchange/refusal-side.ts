import type { AdmissionCode } from './admission.js';
import type { Side } from './exchange.js';

const OURS: ReadonlySet<string> = new Set<AdmissionCode>([
  'registry-expired',
  'bus-unavailable',
  'gateway-starting',
  'no-receipt',
  'log-distrusted',
  'gateway-busy',
  'database-unavailable',
  'signer-unavailable',
  'links-unavailable',
]);
const PROVIDERS: ReadonlySet<string> = new Set<AdmissionCode>(['service-disabled', 'provider-unreachable']);

/** At whose door a refusal is laid: mostly the caller's. */
export function sideOf(code: AdmissionCode): Side {
  if (OURS.has(code)) return 'bus';
  return PROVIDERS.has(code) ? 'provider' : 'consumer';
}
