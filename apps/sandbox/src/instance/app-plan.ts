import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { principalOf } from '#contracts';
import { keyFileName } from '#signing';
import {
  AGENCY_SERVICES,
  AUDITOR,
  CONTACT_PATH,
  HELP_DESK,
  INSTANCE,
  KEYS_SCHEMA,
  localUrl,
  PORTAL,
  SECOND_GATEWAY,
  USAGE_SERVICE,
  witnessKeyName,
  WITNESSES,
  type Ports,
  type SecondName,
  type SecondPorts,
  type WitnessName,
} from './layout.js';
import { AUTHORITIES } from '../time-authority/openssl-config.js';

/** By which feedback knows the connector of its own service; another with each start of the sandbox. */
const USAGE_TOKEN = randomBytes(24).toString('base64url');
const USAGE_CONNECTOR = 'cn1';

export type AppName = 'gateway' | 'cn1' | 'cn2' | 'audit' | 'registry' | 'feedback' | 'agencies';
/** Those of every instance, the second ones of a doubled instance, and what needs OpenSSL. */
export type ProcessName = AppName | SecondName | WitnessName | 'timeAuthority' | 'identityProvider' | 'portal';

/** How one process of the instance is started: the same built app and settings that an operator would use. */
export interface AppPlan {
  readonly name: ProcessName;
  /** Below `dist/`. */
  readonly main: string;
  readonly env: Readonly<Record<string, string>>;
  /** Of the command line, for what is no app of ours and reads no environment. */
  readonly args?: readonly string[];
  /** Answers 200 as soon as the process lives. */
  readonly liveUrl: string;
}

/** The addresses of the roles of one schema. */
export interface DatabaseRoles {
  readonly app: string;
  readonly owner: string;
  readonly eraser: string;
  readonly readerRole: string;
}

/** The files by which a process shows the broker who it is. */
export interface KafkaTlsPlace {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

export interface PlanInputs {
  readonly ports: Ports;
  readonly dataDir: string;
  readonly keysDir: string;
  readonly trustFile: string;
  readonly logOrigin: string;
  /** Folder to which audit exports the log; empty: it does not. */
  readonly exportDir: string;
  readonly databaseUrl: string;
  /** The roles of each app's schema, where the database is ours; without them all apps share `databaseUrl`. */
  readonly roles?: Readonly<Record<string, DatabaseRoles>>;
  /** Comma-separated; empty in the one-process fallback, which has none. */
  readonly kafkaBrokers: string;
  /** By principal, where the broker is ours. */
  readonly kafkaTls?: Readonly<Record<string, KafkaTlsPlace>> | undefined;
  /** Of the time-stamp authorities; absent: there are none. */
  readonly timeAuthorityDir?: string | undefined;
}

/** The plan of every app, in the order in which a person would name them. */
export function appPlans(inputs: PlanInputs): Readonly<Record<AppName, AppPlan>> {
  const { ports } = inputs;
  const auditUrl = localUrl(ports.audit);
  return {
    registry: bus('registry', 'registry', ports.registry, 'registry1', inputs, {
      KEREGE_REGISTRY_FIRST_AUDITS: `${INSTANCE}/audit1`,
      KEREGE_REGISTRY_STATUS_PEERS: statusPeers(ports),
    }),
    audit: bus('audit', 'audit', ports.audit, 'audit1', inputs, {
      KEREGE_AUDIT_ORIGIN: inputs.logOrigin,
      KEREGE_AUDIT_PUBLIC_URL: auditUrl,
      ...(inputs.timeAuthorityDir === undefined ? {} : { KEREGE_AUDIT_TIME_AUTHORITIES: timeAuthorities(ports) }),
      KEREGE_AUDIT_EXPORT_DIR: inputs.exportDir,
      KEREGE_AUDIT_READER_TOKENS: 'public',
      KEREGE_AUDIT_WITNESSES: WITNESSES.map((name) => `${name}=${localUrl(ports[name])}`).join(','),
      KEREGE_AUDIT_AUDITORS: AUDITOR,
      KEREGE_AUDIT_HELP_DESK: HELP_DESK,
    }),
    feedback: bus('feedback', 'feedback', ports.feedback, 'feedback1', inputs, {
      KEREGE_FEEDBACK_PUBLIC_URL: localUrl(ports.feedback),
      KEREGE_FEEDBACK_PORTALS: PORTAL,
      KEREGE_FEEDBACK_USAGE_TOKEN: USAGE_TOKEN,
      KEREGE_FEEDBACK_AUDITORS: AUDITOR,
      KEREGE_FEEDBACK_SUPERVISORS: AUDITOR,
      ...notificationEnv(ports),
      ...keysDatabaseEnv(inputs),
      ...notesEnv('feedback', inputs),
    }),
    gateway: bus('gateway', 'gateway', ports.gateway, 'gw1', inputs, {
      KEREGE_FEEDBACK_URL: localUrl(ports.feedback),
      KEREGE_GATEWAY_READY_CONNECTORS: [ports.cn1, ports.cn2].map((port) => localUrl(port)).join(','),
      ...notesEnv('gateway', inputs),
    }),
    cn1: bus('cn1', 'connector', ports.cn1, 'cn1', inputs, {
      ...connectorEnv('cn1', ports),
      ...notesEnv('cn1', inputs),
    }),
    cn2: bus('cn2', 'connector', ports.cn2, 'cn2', inputs, {
      ...connectorEnv('cn2', ports),
      ...notesEnv('cn2', inputs),
    }),
    agencies: {
      name: 'agencies',
      main: 'bin/agencies.js',
      env: {
        KEREGE_HOST: '127.0.0.1',
        KEREGE_AGENCY_POPULATION_PORT: String(ports.population),
        KEREGE_AGENCY_CADASTRE_PORT: String(ports.cadastre),
        KEREGE_AGENCY_BENEFITS_PORT: String(ports.benefits),
        KEREGE_AGENCY_CLINIC_PORT: String(ports.clinic),
      },
      liveUrl: `${localUrl(ports.population)}/_sandbox/calls`,
    },
  };
}

/**
 * The second processes of a doubled instance. Connectors and sequencers stand in for each other under one identity; a
 * gateway has its own, because answers come back on a topic of its own.
 */
export function secondPlans(
  plans: Readonly<Record<AppName, AppPlan>>,
  ports: SecondPorts,
  inputs: PlanInputs,
): Readonly<Record<SecondName, AppPlan>> {
  const second = (name: SecondName, first: AppName, more: Readonly<Record<string, string>> = {}): AppPlan => ({
    name,
    main: plans[first].main,
    env: { ...plans[first].env, KEREGE_PORT: String(ports[name]), ...secondNotes(plans[first]), ...more },
    liveUrl: `${localUrl(ports[name])}/live`,
  });
  return {
    gateway2: second('gateway2', 'gateway', {
      KEREGE_INSTANCE_ID: `${INSTANCE}/${SECOND_GATEWAY}`,
      ...kafkaTlsEnv(`${INSTANCE}/${SECOND_GATEWAY}`, inputs),
    }),
    cn1b: second('cn1b', 'cn1'),
    cn2b: second('cn2b', 'cn2'),
    audit2: second('audit2', 'audit'),
  };
}

/** The time-stamp authorities: one process with two ports, which trust nobody and know nothing of the bus. */
export function timeAuthorityPlan({ ports, timeAuthorityDir }: PlanInputs): AppPlan | undefined {
  if (timeAuthorityDir === undefined) return undefined;
  return {
    name: 'timeAuthority',
    main: 'bin/time-authority.js',
    env: {
      KEREGE_HOST: '127.0.0.1',
      KEREGE_TIME_AUTHORITY_DIR: timeAuthorityDir,
      KEREGE_TIME_AUTHORITY_1_PORT: String(ports.time1),
      KEREGE_TIME_AUTHORITY_2_PORT: String(ports.time2),
    },
    liveUrl: `${localUrl(ports.time1)}/live`,
  };
}

/** The identity provider; it gets the keys of its clients, of which it uses the public halves, and nothing of the bus. */
export function identityProviderPlan({ ports, keysDir }: Pick<PlanInputs, 'ports' | 'keysDir'>): AppPlan {
  return {
    name: 'identityProvider',
    main: 'bin/identity-provider.js',
    env: {
      KEREGE_HOST: '127.0.0.1',
      KEREGE_IDENTITY_PROVIDER_PORT: String(ports.identityProvider),
      KEREGE_KEYS_DIR: keysDir,
    },
    liveUrl: `${localUrl(ports.identityProvider)}/live`,
  };
}

/** The portal; it gets the key of its own subsystem, the keys of the logs, and where feedback is. */
export function portalPlan({
  ports,
  keysDir,
  trustFile,
}: Pick<PlanInputs, 'ports' | 'keysDir' | 'trustFile'>): AppPlan {
  return {
    name: 'portal',
    main: 'bin/portal.js',
    env: {
      KEREGE_HOST: '127.0.0.1',
      KEREGE_PORTAL_PORT: String(ports.portal),
      KEREGE_KEYS_DIR: keysDir,
      KEREGE_TRUST_FILE: trustFile,
      KEREGE_PORTAL_ISSUER_URL: localUrl(ports.identityProvider),
      KEREGE_PORTAL_FEEDBACK_URL: localUrl(ports.feedback),
      KEREGE_PORTAL_GATEWAY_URL: localUrl(ports.gateway),
      KEREGE_PORTAL_MAIL_PORT: String(ports.mail),
    },
    liveUrl: `${localUrl(ports.portal)}/live`,
  };
}

/** What persons are told goes to the portal's own mail server, which only shows it. */
function notificationEnv({ portal, mail }: Ports): Record<string, string> {
  const portalUrl = localUrl(portal);
  return {
    KEREGE_FEEDBACK_PORTAL_CONTACTS: `${PORTAL}=${portalUrl}${CONTACT_PATH}`,
    KEREGE_FEEDBACK_PORTAL_LINKS: `${PORTAL}=${portalUrl}/corrections#`,
    KEREGE_FEEDBACK_SMTP_HOST: '127.0.0.1',
    KEREGE_FEEDBACK_SMTP_PORT: String(mail),
    KEREGE_FEEDBACK_MAIL_FROM: 'no-reply@kerege.demo.example',
  };
}

function timeAuthorities(ports: Ports): string {
  return AUTHORITIES.map(({ name, port }) => `${name}=${localUrl(ports[port])}/`).join(',');
}

/** The witnesses. They are what other organisations would run: they get nothing of the bus but the keys of its logs. */
export function witnessPlans({
  ports,
  dataDir,
  keysDir,
  trustFile,
}: Pick<PlanInputs, 'ports' | 'dataDir' | 'keysDir' | 'trustFile'>): Readonly<Record<WitnessName, AppPlan>> {
  const plan = (name: WitnessName): AppPlan => ({
    name,
    main: 'bin/witness.js',
    env: {},
    args: [
      ...['--port', String(ports[name]), '--name', witnessKeyName(name)],
      ...['--key', join(keysDir, keyFileName(`${INSTANCE}/${name}`)), '--trust', trustFile],
      ...['--data', join(dataDir, 'witnesses', name)],
    ],
    liveUrl: `${localUrl(ports[name])}/live`,
  });
  return { witness1: plan('witness1'), witness2: plan('witness2') };
}

/** Where a process remembers the newest note that it verified; two must not share one. */
function notesEnv(name: AppName, { dataDir }: PlanInputs): Record<string, string> {
  return { KEREGE_LOG_NOTES_DIR: join(dataDir, 'notes', name) };
}

function secondNotes({ env }: AppPlan): Record<string, string> {
  const first = env['KEREGE_LOG_NOTES_DIR'];
  return first === undefined ? {} : { KEREGE_LOG_NOTES_DIR: `${first}-second` };
}

/** The processes that the registry asks for the status of the whole instance. */
function statusPeers(ports: Ports): string {
  const peers = { gw1: ports.gateway, cn1: ports.cn1, cn2: ports.cn2, audit1: ports.audit, feedback1: ports.feedback };
  return Object.entries(peers)
    .map(([id, port]) => `${INSTANCE}/${id}=${localUrl(port)}`)
    .join(',');
}

/** Where the agency of each service listens: the bus does not need to know, its connector does (`sandbox.md` §4). */
export function connectorEnv(connector: 'cn1' | 'cn2', ports: Ports): Record<string, string> {
  const services = AGENCY_SERVICES.filter((entry) => entry.connector === connector).map(
    ({ agency, service }) => `${service}=${localUrl(ports[agency])}/${service.slice(service.lastIndexOf('/') + 1)}`,
  );
  return {
    ...(connector === USAGE_CONNECTOR ? { KEREGE_CONNECTOR_END_USER_TOKEN: USAGE_TOKEN } : {}),
    KEREGE_CONNECTOR_AGENCIES: services.join(','),
    KEREGE_CONNECTOR_END_USER_SERVICES: USAGE_SERVICE,
    KEREGE_CONNECTOR_PUBLIC_URL: localUrl(ports[connector]),
    KEREGE_CONNECTOR_FEEDBACK_URL: localUrl(ports.feedback),
  };
}

/** Apps with rows that must be erased in time. */
const ERASING: ReadonlySet<string> = new Set(['gateway', 'connector', 'feedback']);

/** Each app works under the least role that it can work under, as in production (`audit-log.md` §3.9). */
function databaseEnv({ databaseUrl, roles }: PlanInputs, app: string): Record<string, string> {
  const own = roles?.[app];
  if (own === undefined) return { DATABASE_URL: databaseUrl };
  return {
    DATABASE_URL: own.app,
    DATABASE_OWNER_URL: own.owner,
    DATABASE_READER_ROLE: own.readerRole,
    ...(ERASING.has(app) ? { DATABASE_ERASER_URL: own.eraser } : {}),
  };
}

/** The keys of feedback lie in a database of their own where the server is ours. */
function keysDatabaseEnv({ databaseUrl, roles }: PlanInputs): Record<string, string> {
  const own = roles?.[KEYS_SCHEMA];
  if (own === undefined) return { KEREGE_FEEDBACK_KEYS_DATABASE_URL: databaseUrl };
  return { KEREGE_FEEDBACK_KEYS_DATABASE_URL: own.app, KEREGE_FEEDBACK_KEYS_DATABASE_OWNER_URL: own.owner };
}

/** Each process comes to the broker under its own name; to one of the operator's as the environment says. */
export function kafkaTlsEnv(instanceId: string, { kafkaTls }: Pick<PlanInputs, 'kafkaTls'>): Record<string, string> {
  const own = kafkaTls?.[principalOf(instanceId)];
  if (own === undefined) return {};
  return { KAFKA_TLS_CA: own.caFile, KAFKA_TLS_CERT: own.certFile, KAFKA_TLS_KEY: own.keyFile };
}

function bus(
  name: AppName,
  app: string,
  port: number,
  id: string,
  inputs: PlanInputs,
  more: Readonly<Record<string, string>>,
): AppPlan {
  const { ports } = inputs;
  return {
    name,
    main: `bin/${app}.js`,
    env: {
      KEREGE_HOST: '127.0.0.1',
      KEREGE_PORT: String(port),
      KEREGE_INSTANCE_ID: `${INSTANCE}/${id}`,
      KEREGE_KEYS_DIR: inputs.keysDir,
      KEREGE_TRUST_FILE: inputs.trustFile,
      KEREGE_AUDIT_URL: localUrl(ports.audit),
      KEREGE_REGISTRY_URL: localUrl(ports.registry),
      ...databaseEnv(inputs, app),
      KAFKA_BROKERS: inputs.kafkaBrokers,
      ...kafkaTlsEnv(`${INSTANCE}/${id}`, inputs),
      ...more,
    },
    liveUrl: `${localUrl(port)}/live`,
  };
}
