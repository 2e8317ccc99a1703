import type { DynamicModule, Type } from '@nestjs/common';
import type { Bus } from '#bus';
import type { Clock, SubsystemId } from '#kernel';
import type { OpenApiTitle } from '#platform';
import type { RegistryCopy } from '#registry-copy';
import type { KeyRing } from '#signing';
import type { AgencyDoors } from '../agency/agency-doors.service.js';
import type { ConnectorConfig } from '../connector.config.js';
import type { DispatchEvents } from '../dispatch/dispatch-events.js';
import { noticeEvents, type ConnectorMetrics } from '../ops/connector-metrics.service.js';
import type { NoticeAddresses } from './notice-address.js';
import { NoticesController } from './notices.controller.js';
import { Notices, type NoticesParts } from './notices.service.js';
import { OwnerAuth } from './owner-auth.service.js';

export interface NoticesContext {
  readonly config: ConnectorConfig;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly keys: KeyRing;
  readonly copy: RegistryCopy;
  readonly database: NoticesParts['database'];
  readonly noticeAddresses: NoticeAddresses;
  readonly doors: AgencyDoors;
  readonly metrics: ConnectorMetrics;
  readonly events: DispatchEvents;
}

export interface NoticeServices {
  readonly notices: Notices;
  readonly owners: OwnerAuth;
}

/** Recipients served at once: a connector has few, and those that are silent have half of it at most. */
const CONCURRENCY = 8;
const POLL_MS = 1_000;

export const noticesApi: OpenApiTitle = {
  title: 'Kerege connector',
  version: '1.0.0',
  description: 'What was delivered to a subsystem, for its owner: questions of citizens, until its systems have them.',
  bearer:
    'One request each: EdDSA or ES256 by a key that the registry publishes for the subsystem; typ kerege-reader+jwt, iss = sub = the subsystem, aud = the URL of the connector, iat, exp at most 300 s later, jti.',
};

export function noticesOf(context: NoticesContext): NoticeServices {
  const { bus, clock, config, copy, database, keys, metrics, events, doors, noticeAddresses: addresses } = context;
  const notices = new Notices({
    ...{ bus, clock, database, keys, addresses, registry: copy, maxHeld: config.maxNotices },
    ...noticeEvents(metrics, events),
    doors,
    rule: {
      ...{ concurrency: CONCURRENCY, pollMs: POLL_MS },
      firstMs: config.noticeRetryMs,
      longestMs: config.noticeLongestRetryMs,
      maxAttempts: config.noticeAttempts,
      whenParked: config.noticeWhenParked,
      sendMs: config.noticeTimeoutMs,
      keepMs: config.noticeKeepMs,
    },
  });
  const serves = (subsystem: SubsystemId) => notices.serves(subsystem);
  return { notices, owners: new OwnerAuth({ registry: copy, clock, audience: config.publicUrl, serves }) };
}

/** The API of owners on the connector's port. */
export function noticesModule(module: Type, { notices, owners }: NoticeServices): DynamicModule {
  return {
    module,
    controllers: [NoticesController],
    providers: [
      { provide: Notices, useValue: notices },
      { provide: OwnerAuth, useValue: owners },
    ],
  };
}
