import { ok, parseSubsystemId, refuse, type InstanceId, type MemberId, type Result, type SubsystemId } from '#kernel';
import type { RegistryView } from '#snapshot';
import { parseClientIdentifier } from './client-identifier.js';
import type { HeaderField } from './header-fields.js';

/** Whom a call names as its consumer. Several: the last one wins (`exchange.md` §2.3). */
export function claimedClient(
  headers: readonly HeaderField[],
): Result<SubsystemId | MemberId, 'client-missing' | 'client-malformed'> {
  const claimed = headers.findLast((header) => header.name.toLowerCase() === 'x-road-client')?.value.trim();
  if (claimed === undefined || claimed === '') return refuse('client-missing');
  return parseClientIdentifier(claimed);
}

/** The subsystem of that identifier, if the gateway serves it and its member is believed. */
export function servedSubsystem(view: RegistryView, gateway: InstanceId, id: string): SubsystemId | undefined {
  const subsystem = parseSubsystemId(id);
  if (!subsystem.ok || view.subsystem(subsystem.value) === undefined) return undefined;
  return serves(view, gateway, subsystem.value) ? subsystem.value : undefined;
}

/** Whether that gateway of the snapshot serves the subsystem. */
export function serves(view: RegistryView, gateway: InstanceId, subsystem: SubsystemId): boolean {
  const entry = view.instanceEntry(gateway);
  return entry?.kind === 'gateway' && entry.serves.includes(subsystem);
}

/** A subsystem that proved itself and, where the call names one, is the one that is named. */
export function agreeingClient(
  proven: SubsystemId,
  headers: readonly HeaderField[],
  isXRoad: boolean,
): Result<SubsystemId, 'client-missing' | 'client-malformed' | 'client-disagrees'> {
  const claimed = claimedClient(headers);
  if (claimed.ok) return claimed.value === proven ? ok(proven) : refuse('client-disagrees');
  return claimed.reason === 'client-missing' && !isXRoad ? ok(proven) : claimed;
}
