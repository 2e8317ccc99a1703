import { systemClock } from '#kernel';
import { AgencyDoors, type AgencyDoorsEvents, type AgencyDoorsSettings } from '../agency-doors.service.js';
import type { AgencyName, ServerRule } from '../server-rule.js';

export const DOORS: AgencyDoorsSettings = {
  agencyCaFile: '',
  agencyCrlFile: '',
  agencyCertFile: '',
  agencyKeyFile: '',
  agencyTlsMinVersion: '1.2',
  agencyTlsReloadMs: 60_000,
  agencyConnectTimeoutMs: 1_000,
};

export const unheard: AgencyDoorsEvents = {
  untrusted: () => undefined,
  reloaded: () => undefined,
  failed: () => undefined,
};

/** To systems on this machine, by plain HTTP. */
export function localDoors(names: readonly AgencyName[]): Promise<AgencyDoors> {
  const rules = new Map<AgencyName, ServerRule>(names.map((name) => [name, { kind: 'local' }]));
  return AgencyDoors.open(rules, DOORS, systemClock, unheard);
}
