import type { WitnessPolicy } from '#tlog';

/** Whether the witnesses of these key names are enough; without a policy, whether there is any. */
export function isCosigned(sources: readonly string[], policy: WitnessPolicy | undefined): boolean {
  if (sources.length === 0 || policy === undefined) return sources.length > 0;
  const names = policy.witnesses.filter(({ key }) => sources.includes(key.name)).map(({ name }) => name);
  return policy.isEnough(new Set(names));
}
