import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { loadKeySet } from '#platform';
import { generateSealingKey, generateSigningKey, keyFileName, publicJwk } from '#signing';
import { dated } from '../apply/key-file.js';
import { writeSecret } from '../apply/key-files.service.js';
import { cliErrors } from '../cli.errors.js';
import type { Terminal } from '../terminal/terminal.js';
import { shownKeys, withNewKey, withoutKey, type KeyUse, type ShownKey } from './key-set.js';
import type { Result } from '#kernel';

export interface KeysOptions {
  /** Member, subsystem or instance whose key file it is. */
  readonly identifier: string;
  readonly keysDir: string;
}

const DAY_MS = 86_400_000;

/** `kerege keys list`: what a key file holds, without its secrets. */
export async function listKeys({ identifier, keysDir }: KeysOptions, terminal: Terminal): Promise<void> {
  const keys = settled(shownKeys(await loadKeySet(fileOf(keysDir, identifier)), Date.now()), identifier);
  for (const key of keys) terminal.out(`${lineOf(key)}\n`);
}

/**
 * `kerege keys rotate`: a new key, newest of its use; the ones before end after the overlap. A member's own keys go on: each
 * signs the next one into the chain (`bus.md` §6).
 */
export async function rotateKey(
  options: KeysOptions & { readonly use: KeyUse; readonly overlapDays: number },
  terminal: Terminal,
): Promise<void> {
  const { identifier, keysDir, use, overlapDays } = options;
  const isMember = identifier.split('/').length === 3;
  if (isMember && use === 'seal') throw cliErrors.error('key-use-strange', { extensions: { identifier, use } });
  const nowMs = Date.now();
  const key = dated(use === 'sign' ? generateSigningKey() : generateSealingKey(), nowMs);
  const file = fileOf(keysDir, identifier);
  const overlapMs = isMember ? undefined : overlapDays * DAY_MS;
  await writeSecret(file, settled(withNewKey(await loadKeySet(file), key, nowMs, overlapMs), identifier));
  terminal.out(`${key.kid}\n`);
  terminal.tell(`made in ${file}; whoever holds these keys has to have the new one first: bring the file there and`);
  terminal.tell('restart it. Then "kerege apply" publishes the key, and from the next manifest on it is used.');
}

/**
 * `kerege keys credential`: a key for client assertions, in a file of its own beside the subsystem's, and to standard output
 * the entry with which its member registers it.
 */
export async function makeCredential(
  { identifier, keysDir, days }: KeysOptions & { readonly days: number },
  terminal: Terminal,
): Promise<void> {
  const file = fileOf(keysDir, `${identifier}/credential`);
  const isThere = await stat(file).then(
    () => true,
    () => false,
  );
  if (isThere) throw cliErrors.error('key-file-there', { extensions: { file } });
  const key = generateSigningKey();
  await writeSecret(file, `${JSON.stringify({ keys: [key] })}\n`);
  const dateIn = (count: number) => new Date(Date.now() + count * DAY_MS).toISOString().slice(0, 10);
  const { kty, crv, x } = publicJwk(key);
  terminal.out(`- { key: { kty: ${kty}, crv: ${crv}, x: '${x}' }, from: ${dateIn(0)}, until: ${dateIn(days)} }\n`);
  terminal.tell(`made in ${file}; bring it to the information system and keep no other copy.`);
  terminal.tell('The line above goes under "credentials" of the subsystem. Then "kerege apply" publishes it.');
}

/** `kerege keys revoke`: the key ends now, and for everybody else with the next manifest after `kerege apply`. */
export async function revokeKey(options: KeysOptions & { readonly kid: string }, terminal: Terminal): Promise<void> {
  const { identifier, keysDir, kid } = options;
  const file = fileOf(keysDir, identifier);
  await writeSecret(file, settled(withoutKey(await loadKeySet(file), kid, Date.now()), identifier));
  terminal.tell(`ended in ${file}. Run "kerege apply" now: until then everybody still believes it.`);
}

function fileOf(keysDir: string, identifier: string): string {
  return join(keysDir, keyFileName(identifier));
}

function settled<Value>(result: Result<Value, Parameters<typeof cliErrors.error>[0]>, identifier: string): Value {
  if (!result.ok) throw cliErrors.error(result.reason, { extensions: { identifier } });
  return result.value;
}

function lineOf({ kid, use, state, fromMs, untilMs }: ShownKey): string {
  const instant = (ms: number | undefined) => (ms === undefined ? '-' : new Date(ms).toISOString().slice(0, 19) + 'Z');
  return [kid.padEnd(43), use.padEnd(11), state.padEnd(13), instant(fromMs), instant(untilMs)].join('  ');
}
