import {
  ok,
  parseServiceId,
  parseSubsystemId,
  refuse,
  subsystemOf,
  type Result,
  type ServiceId,
  type SubsystemId,
} from '#kernel';

/** What has an address: a service, or a subsystem for its notices. */
export type AgencyName = ServiceId | SubsystemId;

export interface Pin {
  /** Of the whole certificate, or of its public key: that survives a renewal with the same key. */
  readonly of: 'sha256' | 'spki';
  readonly hex: string;
}

/**
 * How the system at an address is known. `local`: plain HTTP on this machine. `plain`: plain HTTP beyond it, as it was
 * told to. `unverified`: by TLS with whoever it is.
 */
export type ServerRule =
  | { readonly kind: 'local' | 'plain' | 'unverified' | 'authority' }
  | { readonly kind: 'pins'; readonly pins: readonly Pin[] };

export interface RuleEntries {
  readonly pins: readonly string[];
  readonly unverified: readonly string[];
  readonly plain: readonly string[];
  readonly hasAuthorities: boolean;
}

/** What a server has shown of itself. */
export interface Shown {
  readonly sha256: string;
  readonly spki: string;
  readonly fromMs: number;
  readonly untilMs: number;
  /** What TLS itself has against chain and name; undefined: nothing. */
  readonly trouble: string | undefined;
}

export type Distrust = 'other-pin' | 'expired' | 'not-yet-valid' | 'other-name' | 'revoked' | 'no-authority';

const PIN = /^(sha256|spki):([0-9a-f]{64})$/;
const TROUBLES: ReadonlyMap<string, Distrust> = new Map([
  ['CERT_HAS_EXPIRED', 'expired'],
  ['CERT_NOT_YET_VALID', 'not-yet-valid'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'other-name'],
  ['CERT_REVOKED', 'revoked'],
]);

/** Why a server is not believed; undefined: it is. By its pin nothing else counts but its dates. */
export function distrustOf(shown: Shown, rule: ServerRule, nowMs: number): Distrust | undefined {
  if (rule.kind === 'unverified') return undefined;
  if (rule.kind !== 'pins')
    return shown.trouble === undefined ? undefined : (TROUBLES.get(shown.trouble) ?? 'no-authority');
  if (!rule.pins.some(({ of, hex }) => shown[of] === hex)) return 'other-pin';
  if (nowMs < shown.fromMs) return 'not-yet-valid';
  return shown.untilMs <= nowMs ? 'expired' : undefined;
}

/** The rule of every address, or what is wrong with the settings. What is not named is proved, or on this machine. */
export function serverRules(
  addresses: ReadonlyMap<AgencyName, URL>,
  entries: RuleEntries,
): Result<ReadonlyMap<AgencyName, ServerRule>, readonly string[]> {
  const problems: string[] = [];
  const pins = pinsOf(entries.pins, problems);
  const unverified = namesOf(entries.unverified, 'UNVERIFIED', problems);
  const plain = namesOf(entries.plain, 'PLAIN', problems);
  const known = new Set([...addresses.keys()].flatMap(scopesOf));
  for (const name of [...pins.keys(), ...unverified, ...plain])
    if (!known.has(name)) problems.push(`${name} has no address here`);
  const rules = new Map<AgencyName, ServerRule>();
  for (const [name, url] of addresses) {
    const scopes = scopesOf(name);
    const rule = ruleOf(url, {
      pins: scopes.map((scope) => pins.get(scope)).find((found) => found !== undefined) ?? [],
      isUnverified: scopes.some((scope) => unverified.has(scope)),
      isPlain: scopes.some((scope) => plain.has(scope)),
      hasAuthorities: entries.hasAuthorities,
    });
    if (rule.ok) rules.set(name, rule.value);
    else problems.push(`${name} ${rule.reason}`);
  }
  return problems.length === 0 ? ok(rules) : refuse(problems);
}

interface Told {
  readonly pins: readonly Pin[];
  readonly isUnverified: boolean;
  readonly isPlain: boolean;
  readonly hasAuthorities: boolean;
}

function ruleOf({ protocol, hostname }: URL, told: Told): Result<ServerRule, string> {
  const { pins, isUnverified, isPlain, hasAuthorities } = told;
  if (protocol === 'http:') {
    if (pins.length > 0) return refuse('has a pin and no https');
    if (isThisMachine(hostname)) return ok({ kind: 'local' });
    return isPlain ? ok({ kind: 'plain' }) : refuse('would be called by plain HTTP on another machine: write https');
  }
  if (isUnverified) return pins.length === 0 ? ok({ kind: 'unverified' }) : refuse('has a pin that is not looked at');
  if (pins.length > 0) return ok({ kind: 'pins', pins });
  return hasAuthorities ? ok({ kind: 'authority' }) : refuse('has neither a pin nor authorities that vouch for it');
}

/** Who is named more closely goes first. */
function scopesOf(name: AgencyName): AgencyName[] {
  const service = parseServiceId(name);
  return service.ok ? [service.value, subsystemOf(service.value)] : [name];
}

function pinsOf(entries: readonly string[], problems: string[]): Map<AgencyName, Pin[]> {
  const pins = new Map<AgencyName, Pin[]>();
  for (const [index, entry] of entries.entries()) {
    const at = entry.lastIndexOf('=');
    const name = nameOf(entry.slice(0, Math.max(at, 0)));
    const [kind = '', ...rest] = entry
      .slice(at + 1)
      .toLowerCase()
      .split(':');
    // As `openssl x509 -fingerprint` prints it too.
    const pin = PIN.exec(`${kind}:${rest.join('')}`);
    if (name === undefined || pin === null) {
      problems.push(`KEREGE_CONNECTOR_AGENCY_PINS: entry ${index + 1} is no SERVICE=sha256:HEX or SERVICE=spki:HEX`);
      continue;
    }
    const of = pin[1] === 'spki' ? 'spki' : 'sha256';
    pins.set(name, [...(pins.get(name) ?? []), { of, hex: pin[2] ?? '' }]);
  }
  return pins;
}

function namesOf(entries: readonly string[], setting: string, problems: string[]): Set<AgencyName> {
  const names = new Set<AgencyName>();
  for (const [index, entry] of entries.entries()) {
    const name = nameOf(entry);
    if (name === undefined)
      problems.push(`KEREGE_CONNECTOR_AGENCY_${setting}: entry ${index + 1} is no SERVICE or SUBSYSTEM`);
    else names.add(name);
  }
  return names;
}

function nameOf(text: string): AgencyName | undefined {
  const service = parseServiceId(text);
  if (service.ok) return service.value;
  const subsystem = parseSubsystemId(text);
  return subsystem.ok ? subsystem.value : undefined;
}

function isThisMachine(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}
