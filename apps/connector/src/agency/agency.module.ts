import { ok, type Clock, type ServiceId, type SubsystemId } from '#kernel';
import type { Logger } from '#platform';
import type { ConnectorConfig } from '../connector.config.js';
import { dispatchErrors } from '../dispatch/dispatch.errors.js';
import { parseNoticeAddresses, type NoticeAddresses } from '../notices/notice-address.js';
import { noticeErrors } from '../notices/notices.errors.js';
import { parseAgencies, servedSubsystems } from './agency-address.js';
import { AgencyDoors } from './agency-doors.service.js';
import { AgencyService } from './agency.service.js';
import { serverRules, type AgencyName } from './server-rule.js';

export interface AgencyAddresses {
  readonly agencies: ReadonlyMap<ServiceId, URL>;
  readonly subsystems: readonly SubsystemId[];
  readonly noticeAddresses: NoticeAddresses;
}

/** Where agencies' systems listen. A connector for notices alone has no services. */
export function addressesOf(config: ConnectorConfig): AgencyAddresses {
  const hasNone = config.agencies.length === 0 && config.notices.length > 0;
  const agencies = hasNone ? ok(new Map<ServiceId, URL>()) : parseAgencies(config.agencies);
  if (!agencies.ok) throw dispatchErrors.error('connector-agencies', { extensions: { problems: [agencies.reason] } });
  const subsystems = servedSubsystems(agencies.value);
  const notices = parseNoticeAddresses(config.notices, subsystems);
  if (!notices.ok)
    throw noticeErrors.error('connector-notice-addresses', { extensions: { problems: [notices.reason] } });
  return { agencies: agencies.value, subsystems, noticeAddresses: notices.value };
}

/** How those systems are reached; throws where one would be believed without proof and nobody has said so. */
export async function openDoors(
  { agencies, noticeAddresses }: AgencyAddresses,
  config: ConnectorConfig,
  clock: Clock,
  logger: Logger,
): Promise<AgencyDoors> {
  const addresses = new Map<AgencyName, URL>(agencies);
  for (const [subsystem, url] of noticeAddresses) if (url !== undefined) addresses.set(subsystem, url);
  const rules = serverRules(addresses, {
    pins: config.agencyPins,
    unverified: config.agencyUnverified,
    plain: config.agencyPlain,
    hasAuthorities: config.agencyCaFile !== '',
  });
  if (!rules.ok) throw dispatchErrors.error('connector-agency-proof', { extensions: { problems: rules.reason } });
  for (const [agency, { kind }] of rules.value)
    if (kind === 'plain' || kind === 'unverified')
      logger.warn({ agency, proof: kind }, 'NOT VERIFIED: whoever answers at the address of this agency is believed');
  return AgencyDoors.open(rules.value, config, clock, {
    untrusted: (agency, reason) => logger.warn({ agency, reason }, 'agency not trusted; nothing was sent'),
    reloaded: () => logger.info({}, 'new certificate and authorities count towards agencies now'),
    failed: (what, cause) => logger.error({ what, err: cause }, 'TLS files cannot be used; the old ones count'),
  });
}

/** The agencies' systems behind their doors. */
export function agencyService(
  agencies: ReadonlyMap<ServiceId, URL>,
  config: ConnectorConfig,
  clock: Clock,
  doors: AgencyDoors,
): AgencyService {
  const limits = {
    maxBodyBytes: config.maxInlineBodyBytes,
    maxInFlight: config.maxInFlight,
    connections: config.agencyConnections,
    breakerResetMs: config.breakerResetMs,
    breakerVolume: config.breakerVolume,
  };
  return new AgencyService(agencies, limits, clock, doors);
}
