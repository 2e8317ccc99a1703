import type { RegistryView } from '#snapshot';

/**
 * The gateway's own verified copy of the registry; `RegistryCopy` provides it. Undefined while there is none or its
 * manifest has expired: then nothing may be decided, not even who a consumer is (`design.md` §6).
 */
export abstract class Rights {
  abstract current(): RegistryView | undefined;
}
