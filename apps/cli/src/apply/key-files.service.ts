import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { loadKeySets } from '#platform';
import { keyFileName, KeyRing, noTokens, type PublicJwk, type SigningDevice } from '#signing';
import { publishedKey, type MemberKeyPair, type PublishedKey } from '#snapshot';
import { validityOf, type NeededKeys } from './key-file.js';

/** The operator's keys, as applying needs them. */
export interface ApplyKeys {
  /** Identifiers whose keys were made just now. */
  readonly made: readonly string[];
  readonly published: (identifier: string) => readonly PublishedKey[];
  /** A member's own keys, first to newest. */
  readonly memberKeys: (member: string) => readonly MemberKeyPair[];
}

/** Loads every key that is needed and makes those that are missing; with `dryRun` in memory only. */
export async function ensureKeys(
  dir: string,
  needed: readonly NeededKeys[],
  dryRun: boolean,
  device: SigningDevice = noTokens,
): Promise<ApplyKeys> {
  if (!dryRun) await mkdir(dir, { recursive: true, mode: 0o700 });
  const sets = await loadKeySets(dir).catch((cause: unknown) => {
    if (dryRun) return new Map<string, string>();
    throw cause;
  });
  const missing = needed.filter(({ identifier }) => !sets.has(identifier));
  for (const { identifier, make } of missing) {
    const text = `${JSON.stringify({ keys: make(Date.now()) })}\n`;
    if (!dryRun) await writeSecret(join(dir, keyFileName(identifier)), text);
    sets.set(identifier, text);
  }
  const ring = KeyRing.parse(sets, device);
  return {
    made: missing.map(({ identifier }) => identifier),
    published: (identifier) => publishedKeys(ring, identifier, sets.get(identifier) ?? '{}'),
    memberKeys: (member) => memberKeys(ring, member),
  };
}

function publishedKeys(ring: KeyRing, identifier: string, text: string): PublishedKey[] {
  const validity = validityOf(text);
  return ring
    .publicKeys(identifier)
    .map(({ kid, use, jwk }) => publishedKey.parse({ kid, use, jwk, ...validity(kid) }));
}

function memberKeys(ring: KeyRing, member: string): MemberKeyPair[] {
  return ring
    .publicKeys(member)
    .filter((key) => key.use === 'sign')
    .map(({ kid, jwk }: { kid: string; jwk: PublicJwk }) => ({ signer: ring.signer(member, new Set([kid])), jwk }));
}

/** Whole or not at all, and readable by nobody else. */
export async function writeSecret(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}.new`;
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
}
