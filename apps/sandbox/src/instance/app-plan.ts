import {
  AGENCY_SERVICES,
  AUDITOR,
  HELP_DESK,
  INSTANCE,
  localUrl,
  SECOND_GATEWAY,
  type Ports,
  type SecondName,
  type SecondPorts,
} from './layout.js';

export type AppName = 'gateway' | 'cn1' | 'cn2' | 'audit' | 'registry' | 'agencies';
/** Those of every instance and the second ones of a doubled instance. */
export type ProcessName = AppName | SecondName;

/** How one process of the instance is started: the same built app and settings that an operator would use. */
export interface AppPlan {
  readonly name: ProcessName;
  /** Below `dist/`. */
  readonly main: string;
  readonly env: Readonly<Record<string, string>>;
  /** Answers 200 as soon as the process lives. */
  readonly liveUrl: string;
}

export interface PlanInputs {
  readonly ports: Ports;
  readonly keysDir: string;
  readonly trustFile: string;
  readonly logOrigin: string;
  readonly databaseUrl: string;
  /** Comma-separated; empty in the one-process fallback, which has none. */
  readonly kafkaBrokers: string;
}

/** The plan of every app, in the order in which a person would name them. */
export function appPlans(inputs: PlanInputs): Readonly<Record<AppName, AppPlan>> {
  const { ports } = inputs;
  const auditUrl = localUrl(ports.audit);
  return {
    registry: bus('registry', 'registry', ports.registry, 'registry1', inputs, {
      KEREGE_REGISTRY_STATUS_PEERS: statusPeers(ports),
    }),
    audit: bus('audit', 'audit', ports.audit, 'audit1', inputs, {
      KEREGE_AUDIT_ORIGIN: inputs.logOrigin,
      KEREGE_AUDIT_PUBLIC_URL: auditUrl,
      KEREGE_AUDIT_AUDITORS: AUDITOR,
      KEREGE_AUDIT_HELP_DESK: HELP_DESK,
    }),
    gateway: bus('gateway', 'gateway', ports.gateway, 'gw1', inputs, {
      KEREGE_GATEWAY_READY_CONNECTORS: [ports.cn1, ports.cn2].map((port) => localUrl(port)).join(','),
    }),
    cn1: bus('cn1', 'connector', ports.cn1, 'cn1', inputs, connectorEnv('cn1', ports)),
    cn2: bus('cn2', 'connector', ports.cn2, 'cn2', inputs, connectorEnv('cn2', ports)),
    agencies: {
      name: 'agencies',
      main: 'apps/sandbox/src/agencies/main.js',
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
): Readonly<Record<SecondName, AppPlan>> {
  const second = (name: SecondName, first: AppName, more: Readonly<Record<string, string>> = {}): AppPlan => ({
    name,
    main: plans[first].main,
    env: { ...plans[first].env, KEREGE_PORT: String(ports[name]), ...more },
    liveUrl: `${localUrl(ports[name])}/live`,
  });
  return {
    gateway2: second('gateway2', 'gateway', { KEREGE_INSTANCE_ID: `${INSTANCE}/${SECOND_GATEWAY}` }),
    cn1b: second('cn1b', 'cn1'),
    cn2b: second('cn2b', 'cn2'),
    audit2: second('audit2', 'audit'),
  };
}

/** The processes that the registry asks for the status of the whole instance. */
function statusPeers(ports: Ports): string {
  const peers = { gw1: ports.gateway, cn1: ports.cn1, cn2: ports.cn2, audit1: ports.audit };
  return Object.entries(peers)
    .map(([id, port]) => `${INSTANCE}/${id}=${localUrl(port)}`)
    .join(',');
}

/** Where the agency of each service listens: the bus does not need to know, its connector does (`sandbox.md` §4). */
export function connectorEnv(connector: 'cn1' | 'cn2', ports: Ports): Record<string, string> {
  const services = AGENCY_SERVICES.filter((entry) => entry.connector === connector).map(
    ({ agency, service }) => `${service}=${localUrl(ports[agency])}/${service.slice(service.lastIndexOf('/') + 1)}`,
  );
  return { KEREGE_CONNECTOR_AGENCIES: services.join(',') };
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
    main: `apps/${app}/src/main.js`,
    env: {
      KEREGE_HOST: '127.0.0.1',
      KEREGE_PORT: String(port),
      KEREGE_INSTANCE_ID: `${INSTANCE}/${id}`,
      KEREGE_KEYS_DIR: inputs.keysDir,
      KEREGE_TRUST_FILE: inputs.trustFile,
      KEREGE_AUDIT_URL: localUrl(ports.audit),
      KEREGE_REGISTRY_URL: localUrl(ports.registry),
      DATABASE_URL: inputs.databaseUrl,
      KAFKA_BROKERS: inputs.kafkaBrokers,
      ...more,
    },
    liveUrl: `${localUrl(port)}/live`,
  };
}
