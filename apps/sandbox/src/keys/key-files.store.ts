import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeWhole } from '#local';
import { loadTrust, type Trust } from '#platform';
import { keyFileName, type PrivateJwk } from '#signing';
import type { InstanceDefinition } from '#snapshot';
import { parseVkey } from '#tlog';
import { sandboxErrors } from '../sandbox.errors.js';
import { WITNESSES, type WitnessName } from '../instance/layout.js';
import { missingKeyFiles, trustText, withTimestampRoots, witnessLines } from './key-file.js';

const jwk = z.object({
  kty: z.string(),
  crv: z.string(),
  x: z.string(),
  d: z.string(),
  kid: z.string(),
  use: z.enum(['sig', 'enc']),
});
const keySet = z.object({ keys: z.array(jwk).min(1) });

export interface KeyPlaces {
  readonly keysDir: string;
  readonly trustFile: string;
}

export function keyPlaces(dataDir: string): KeyPlaces {
  return { keysDir: join(dataDir, 'keys'), trustFile: join(dataDir, 'trust.json') };
}

/**
 * Makes the keys of a fresh instance and the trust file that goes with them; leaves alone what is there, so that a
 * member added to the definition gets keys at the next start. Every file appears whole or not at all.
 * `next` are the origins of windows that may follow (`audit-log.md` §3.7): a fresh instance can rotate its log.
 * @returns the origin of the first log that the trust file names.
 */
export async function ensureKeys(
  places: KeyPlaces,
  definition: InstanceDefinition,
  origin: string,
  next: readonly string[] = [],
): Promise<string> {
  await mkdir(places.keysDir, { recursive: true, mode: 0o700 });
  const existing = new Set(await readdir(places.keysDir));
  const trust = await existingTrust(places.trustFile, existing.size > 0);
  if (trust !== undefined) {
    const vital = [logKeyFile(definition), registryKeyFile(definition)];
    const lost = vital.filter((name) => !existing.has(name));
    if (lost.length > 0) throw sandboxErrors.error('sandbox-keys-broken', { extensions: { problems: lost } });
  }
  // Keys that no trust file names would be of no use.
  const windows = trust === undefined ? next.map(windowOf) : [];
  for (const { name, keys } of missingKeyFiles(definition, existing, windows))
    await writeWhole(join(places.keysDir, name), `${JSON.stringify({ keys })}\n`);
  const witnessKeys = await readWitnessKeys(places.keysDir, definition.instance);
  if (trust !== undefined) {
    if (trust.witnesses.length === 0) await addWitnesses(places.trustFile, witnessLines(witnessKeys));
    return originOf(trust);
  }
  const [logKey, registryKey] = await Promise.all(
    [logKeyFile(definition), registryKeyFile(definition)].map((name) => readKey(join(places.keysDir, name))),
  );
  if (logKey === undefined || registryKey === undefined) throw sandboxErrors.error('sandbox-keys-broken');
  const nextLogs = await Promise.all(
    next.map(async (later) => ({
      origin: later,
      key: await readKey(join(places.keysDir, logKeyFile(definition, later))),
    })),
  );
  const usable = nextLogs.flatMap(({ origin: later, key }) => (key === undefined ? [] : [{ origin: later, key }]));
  const { instance } = definition;
  const text = trustText({ instance, origin, logKey, nextLogs: usable, registryKey, witnessKeys });
  await writeWhole(places.trustFile, text);
  return origin;
}

/** Adds to the trust file the roots that it does not name yet. */
export async function trustTimestampRoots({ trustFile }: KeyPlaces, roots: readonly string[]): Promise<void> {
  const { timestampRoots } = await loadTrust(trustFile);
  const missing = roots.filter((root) => !timestampRoots.includes(root));
  if (missing.length === 0) return;
  const text = await readFile(trustFile, 'utf8');
  await writeWhole(trustFile, withTimestampRoots(text, [...timestampRoots, ...missing]));
}

async function readWitnessKeys(keysDir: string, instance: string): Promise<Record<WitnessName, PrivateJwk>> {
  const keys = await Promise.all(
    WITNESSES.map(async (name) => [name, await readKey(join(keysDir, keyFileName(`${instance}/${name}`)))] as const),
  );
  if (keys.some(([, key]) => key === undefined)) throw sandboxErrors.error('sandbox-keys-broken');
  return Object.fromEntries(keys) as Record<WitnessName, PrivateJwk>;
}

/** For an instance whose trust file is older than its witnesses. */
async function addWitnesses(trustFile: string, witnesses: readonly string[]): Promise<void> {
  const trust = z.record(z.string(), z.unknown()).parse(JSON.parse(await readFile(trustFile, 'utf8')));
  await writeWhole(trustFile, `${JSON.stringify({ ...trust, witnesses }, null, 2)}\n`);
}

/** A password for the embedded PostgreSQL, made once. */
export async function ensurePassword(dataDir: string): Promise<string> {
  const file = join(dataDir, 'postgres.password');
  const standing = await readFile(file, 'utf8').catch(() => '');
  if (standing.trim() !== '') return standing.trim();
  const fresh = randomBytes(24).toString('hex');
  await writeWhole(file, `${fresh}\n`);
  return fresh;
}

async function existingTrust(file: string, hasKeys: boolean): Promise<Trust | undefined> {
  try {
    return await loadTrust(file);
  } catch (cause) {
    // A first start that was cut short leaves keys without trust file: the trust is made from them then.
    if (isMissing(cause)) return undefined;
    throw sandboxErrors.error('sandbox-keys-broken', { cause, details: { hasKeys } });
  }
}

function isMissing(cause: unknown): boolean {
  const inner: unknown = typeof cause === 'object' && cause !== null && 'cause' in cause ? cause.cause : undefined;
  return typeof inner === 'object' && inner !== null && 'code' in inner && inner.code === 'ENOENT';
}

function originOf(trust: Trust): string {
  const parsed = parseVkey(trust.logs[0] ?? '');
  if (!parsed.ok) throw sandboxErrors.error('sandbox-keys-broken', { details: { reason: parsed.reason } });
  return parsed.value.name;
}

/** Of the first log, or of a later window. */
function logKeyFile(definition: InstanceDefinition, later?: string): string {
  const log = `${instanceOf(definition, 'audit')}/log`;
  return keyFileName(later === undefined ? log : `${log}/${windowOf(later)}`);
}

function windowOf(origin: string): string {
  return origin.slice(origin.lastIndexOf('/') + 1);
}

function registryKeyFile(definition: InstanceDefinition): string {
  return keyFileName(instanceOf(definition, 'registry'));
}

function instanceOf(definition: InstanceDefinition, kind: string): string {
  const found = definition.instances.find((entry) => entry.kind === kind);
  return `${definition.instance}/${found?.id ?? kind}`;
}

/** The first key of a file; undefined if there is none in it. */
export async function readKey(file: string): Promise<PrivateJwk | undefined> {
  const parsed = keySet.safeParse(JSON.parse(await readFile(file, 'utf8')));
  return parsed.success ? parsed.data.keys[0] : undefined;
}
