import { randomBytes } from 'node:crypto';
import { makeCosignerVkey, makeVkey } from '#tlog';
import { generateSealingKey, generateSigningKey, keyFileName, publicJwk, type PrivateJwk } from '#signing';
import type { InstanceDefinition } from '#snapshot';
import {
  CONSUMER_CREDENTIAL,
  IDENTITY_PROVIDER_KEY,
  witnessKeyName,
  WITNESSES,
  type WitnessName,
} from '../instance/layout.js';

type OctetKey = { readonly kty: 'oct'; readonly k: string; readonly kid: string };

export interface KeyFile {
  readonly name: string;
  readonly keys: readonly (PrivateJwk | OctetKey)[];
}

/**
 * The key files that an instance needs and does not have yet; `windows` are those of the log that may come after the
 * first. Existing ones are never replaced.
 */
export function missingKeyFiles(
  definition: InstanceDefinition,
  existing: ReadonlySet<string>,
  windows: readonly string[] = [],
): KeyFile[] {
  const { instance, members, instances } = definition;
  // The same for all gateways: one that stands in for another has to know a repeated call again (`bus.md` §4.1).
  const fingerprint = octetKey('fingerprint');
  const wanted: [string, () => KeyFile['keys']][] = [
    ...members.flatMap((member): [string, () => KeyFile['keys']][] => [
      [`${instance}/${member.id}`, () => [generateSigningKey()]],
      ...member.subsystems.map((subsystem): [string, () => KeyFile['keys']] => [
        `${instance}/${member.id}/${subsystem.code}`,
        () => [generateSigningKey(), generateSealingKey()],
      ]),
    ]),
    ...instances.map((entry): [string, () => KeyFile['keys']] => [
      `${instance}/${entry.id}`,
      () => [generateSigningKey(), ...secretsOf(entry.kind, fingerprint)],
    ]),
    ...instances
      .filter((entry) => entry.kind === 'audit')
      .flatMap((entry) =>
        ['log', ...windows.map((window) => `log/${window}`)].map((log): [string, () => KeyFile['keys']] => [
          `${instance}/${entry.id}/${log}`,
          () => [generateSigningKey()],
        ]),
      ),
    ...WITNESSES.map((name): [string, () => KeyFile['keys']] => [`${instance}/${name}`, () => [generateSigningKey()]]),
    [IDENTITY_PROVIDER_KEY, () => [generateSigningKey()]],
    [CONSUMER_CREDENTIAL, () => [generateSigningKey()]],
  ];
  return wanted
    .map(([identifier, make]) => ({ name: keyFileName(identifier), make }))
    .filter(({ name }) => !existing.has(name))
    .map(({ name, make }) => ({ name, keys: make() }));
}

/** A gateway keys the fingerprints of its idempotency keys; feedback wraps the keys of its key store. */
function secretsOf(kind: InstanceDefinition['instances'][number]['kind'], fingerprint: OctetKey): OctetKey[] {
  if (kind === 'gateway') return [fingerprint];
  return kind === 'feedback' ? [octetKey('key-store')] : [];
}

function octetKey(kid: string): OctetKey {
  return { kty: 'oct', k: randomBytes(32).toString('base64url'), kid };
}

export interface TrustParts {
  readonly instance: string;
  readonly origin: string;
  readonly logKey: PrivateJwk;
  /** Of windows that may come after the first. */
  readonly nextLogs?: readonly { readonly origin: string; readonly key: PrivateJwk }[];
  readonly registryKey: PrivateJwk;
  readonly witnessKeys: Readonly<Record<WitnessName, PrivateJwk>>;
}

/** The text of a `trust.json` with these roots of time-stamp authorities (PEM) and everything else as it was. */
export function withTimestampRoots(text: string, roots: readonly string[]): string {
  const trust: unknown = JSON.parse(text);
  return trustJson(Object.assign({}, trust, { timestampRoots: roots }));
}

function trustJson(trust: object): string {
  return `${JSON.stringify(trust, null, 2)}\n`;
}

/** The text of `trust.json`: public halves only. */
export function trustText({ instance, origin, logKey, nextLogs = [], registryKey, witnessKeys }: TrustParts): string {
  const trust = {
    v: 1,
    instance,
    logs: [{ origin, key: logKey }, ...nextLogs].map((log) =>
      makeVkey(log.origin, Buffer.from(log.key.x, 'base64url')),
    ),
    registry: [{ ...publicJwk(registryKey), kid: registryKey.kid }],
    witnesses: witnessLines(witnessKeys),
    timestampRoots: [],
  };
  return trustJson(trust);
}

/**
 * The sandbox's witness policy as lines of a tlog-policy: either witness is enough, so that one may be down. Without
 * URLs: the ports move with the base, the keys do not.
 */
export function witnessLines(keys: Readonly<Record<WitnessName, PrivateJwk>>): string[] {
  const vkeyOf = (name: WitnessName) => makeCosignerVkey(witnessKeyName(name), Buffer.from(keys[name].x, 'base64url'));
  return [
    ...WITNESSES.map((name) => `witness ${name} ${vkeyOf(name)}`),
    `group witnesses any ${WITNESSES.join(' ')}`,
    'quorum witnesses',
  ];
}
