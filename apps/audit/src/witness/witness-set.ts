import { ok, refuse, type Result } from '#kernel';
import type { WitnessPolicy } from '#tlog';
import type { WitnessAddress } from './witness-client.service.js';

/**
 * Joins the witnesses of the policy (who is believed) with the addresses of the settings (where they are asked): every
 * address belongs to a witness of the policy, and every witness has an address there or in the policy itself.
 */
export function witnessAddresses(policy: WitnessPolicy, entries: readonly string[]): Result<WitnessAddress[], string> {
  const urls = new Map<string, string>();
  for (const entry of entries) {
    const at = entry.indexOf('=');
    const [name, url] = [entry.slice(0, Math.max(0, at)), entry.slice(at + 1)];
    if (!policy.witnesses.some((witness) => witness.name === name)) return refuse(`${name}: no such witness`);
    if (!URL.canParse(url)) return refuse(`${name}: no URL`);
    urls.set(name, url);
  }
  const addresses: WitnessAddress[] = [];
  for (const { name, key, url = urls.get(name) } of policy.witnesses) {
    if (url === undefined) return refuse(`${name}: no address`);
    addresses.push({ name, key, url: urls.get(name) ?? url });
  }
  return ok(addresses);
}
