import type { SubsystemId } from '#kernel';
import type { RegistryView } from '#snapshot';

/** What `/ready` asks a running connector. */
export interface ConnectorState {
  readonly view: RegistryView | undefined;
  readonly unheard: readonly SubsystemId[];
  readonly stopped: readonly SubsystemId[];
}

/** One line per thing that is missing, by check; agencies are not asked (`sandbox.md` §1). */
export function registryMissing({ view }: ConnectorState): string | undefined {
  return view === undefined ? 'no registry snapshot, or it has expired' : undefined;
}

export function requestsMissing({ unheard }: ConnectorState): string | undefined {
  return unheard.length === 0 ? undefined : `no partitions of ${unheard.join(', ')} yet`;
}

export function keysMissing({ stopped }: ConnectorState): string | undefined {
  return stopped.length === 0 ? undefined : `published keys that are not held here: ${stopped.join(', ')}`;
}
