/** Distance of each port from the base, as `sandbox.md` §1 fixes them; gaps are reserved for parts to come. */
const OFFSETS = {
  gateway: 0,
  cn1: 10,
  cn2: 11,
  audit: 20,
  registry: 30,
  feedback: 40,
  population: 61,
  cadastre: 62,
  benefits: 63,
  clinic: 64,
  portal: 65,
  /** SMTP: what would be sent to people. */
  mail: 66,
  identityProvider: 70,
  kafka: 100,
  kafkaController: 101,
  postgres: 110,
  witness1: 121,
  witness2: 122,
  /** Time-stamp authorities. */
  time1: 123,
  time2: 124,
} as const;

/** Of the second processes of a doubled instance; nobody but a test asks for one. */
const SECOND_OFFSETS = { gateway2: 1, cn1b: 12, cn2b: 13, audit2: 21 } as const;

export type PortName = keyof typeof OFFSETS;
export type SecondName = keyof typeof SECOND_OFFSETS;
export type SecondPorts = Readonly<Record<SecondName, number>>;
export type Ports = Readonly<Record<PortName, number>>;

/** How far the ports reach above their base. */
export const PORT_SPAN = 130;

export function portsFrom(base: number): Ports {
  const entries = Object.entries(OFFSETS).map(([name, offset]) => [name, base + offset] as const);
  return Object.fromEntries(entries) as Ports;
}

/** Ports of the second processes, by the port of the gateway. */
export function secondPortsFrom(base: number): SecondPorts {
  const entries = Object.entries(SECOND_OFFSETS).map(([name, offset]) => [name, base + offset] as const);
  return Object.fromEntries(entries) as SecondPorts;
}

export function localUrl(port: number): string {
  return `http://127.0.0.1:${port}`;
}

/** The service of feedback on the bus, which judges by itself who acts. */
export const USAGE_SERVICE = 'DEMO/GOV/1009/operator/usage';

/** The subsystem's service and the agency's system that answers it. */
export const AGENCY_SERVICES = [
  { agency: 'population', service: 'DEMO/GOV/1001/population/persons', connector: 'cn1' },
  { agency: 'cadastre', service: 'DEMO/GOV/1002/cadastre/properties', connector: 'cn1' },
  { agency: 'benefits', service: 'DEMO/GOV/1003/benefits/entitlements', connector: 'cn2' },
  { agency: 'clinic', service: 'DEMO/COM/2001/clinic/visits', connector: 'cn2' },
  { agency: 'feedback', service: USAGE_SERVICE, connector: 'cn1' },
] as const;

/** The sandbox's witnesses: key file `<instance>.<name>.jwk`, name in cosignatures `<name>.demo.example`. */
export const WITNESSES = ['witness1', 'witness2'] as const;
export type WitnessName = (typeof WITNESSES)[number];

export function witnessKeyName(name: WitnessName): string {
  return `${name}.demo.example`;
}

export const INSTANCE = 'DEMO';
/** Of feedback's key store, which has a database of its own. */
export const KEYS_SCHEMA = 'feedback_keys';
export const KEYS_DATABASE = 'kerege_keys';
/** The portal through which citizens ask; the sandbox runs its backend. */
export const PORTAL = 'DEMO/GOV/1000/mygov';
/** Where it tells feedback how people are reached. */
export const CONTACT_PATH = '/contact';
/** Whose officers sign in, as its client at the identity provider. */
export const REGISTRY = `${INSTANCE}/registry1`;
/** Officials who are officers of the registry, where it has any: of the first two each change needs both. */
export const OFFICERS = [
  { code: 'OFF000006', role: 'operator' },
  { code: 'OFF000007', role: 'security-officer' },
  { code: 'OFF000008', role: 'member-administrator', of: 'GOV/1001' },
  { code: 'OFF000009', role: 'auditor' },
] as const;
export const OPERATOR = OFFICERS[0].code;
export const SECURITY_OFFICER = OFFICERS[1].code;
/** Whose key file is that of the identity provider; no instance of the bus, and no member. */
export const IDENTITY_PROVIDER_KEY = `${INSTANCE}/identity1`;
/** A consumer whose information system proves itself with a key of its own, and whose key file that is. */
export const PROVEN_CONSUMER = 'COM/2002/legal';
export const CONSUMER_CREDENTIAL = `${INSTANCE}/${PROVEN_CONSUMER}/credential`;
/** Who may search all metadata of the log, and who looks up states of exchanges for callers. */
export const AUDITOR = 'DEMO/GOV/1008/audit';
export const HELP_DESK = 'DEMO/GOV/1009/operator';
/** The gateway that a doubled instance adds to the definition. */
export const SECOND_GATEWAY = 'gw2';
/** Name of the sandbox's first log. A window is half a year, or less if it is rotated before. */
export function logOrigin(nowMs: number): string {
  const now = new Date(nowMs);
  return `audit.demo.example/${INSTANCE}/0/${now.getUTCFullYear()}h${now.getUTCMonth() < 6 ? 1 : 2}`;
}

/** The windows that may follow the first: a second one of its half-year, and the next half-year's. */
export function nextLogOrigins(origin: string, nowMs: number): string[] {
  const now = new Date(nowMs);
  const nextHalf = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() < 6 ? 6 : 12);
  return [`${origin}-2`, logOrigin(nextHalf)];
}
