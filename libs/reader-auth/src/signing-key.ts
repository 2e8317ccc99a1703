import type { SubsystemId } from '#kernel';
import type { PublicJwk } from '#signing';
import type { RegistryView } from '#snapshot';

/** The signing key that a subsystem has published and that is valid now. */
export function signingKeyOf(
  view: RegistryView,
  subsystem: SubsystemId,
  kid: string,
  nowMs: number,
): PublicJwk | undefined {
  const key = view.keyOf(subsystem, kid);
  return key?.use === 'sign' && key.fromMs <= nowMs && nowMs < key.untilMs ? key.jwk : undefined;
}
