import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Pkcs11Settings } from '#pkcs11';
import { loadKeySet } from '#platform';
import { generateP256Key, generateSealingKey, generateSigningKey, keyFileName, publicJwk } from '#signing';
import { dated } from '../apply/key-file.js';
import { writeSecret } from '../apply/key-files.service.js';
import { cliErrors } from '../cli.errors.js';
import type { Terminal } from '../terminal/terminal.js';
import { shownKeys, withNewKey, withoutKey, type KeyUse, type ShownKey } from './key-set.js';
import { tokenKey } from './token-key.service.js';
import type { Result } from '#kernel';

export interface KeysOptions {
  /** Member, subsystem or instance whose key file it is. */
  readonly identifier: string;
  readonly keysDir: string;
}

export interface NewKey {
  /** URI of a key in a token (RFC 7512); undefined: a fresh key, in the file. */
  readonly pkcs11?: string | undefined;
  readonly settings: Pkcs11Settings;
  readonly mayMake?: boolean;
}

export type RotateOptions = KeysOptions &
  NewKey & { readonly use: KeyUse; readonly algorithm?: 'EdDSA' | 'ES256' | undefined };

const DAY_MS = 86_400_000;

/** `kerege keys list`: what a key file holds, without its secrets. */
export async function listKeys({ identifier, keysDir }: KeysOptions, terminal: Terminal): Promise<void> {
  const keys = settled(shownKeys(await loadKeySet(fileOf(keysDir, identifier)), Date.now()), identifier);
  for (const key of keys) terminal.out(`${lineOf(key)}\n`);
}

/**
 * `kerege keys rotate`: a new key, newest of its use; the ones before end after the overlap. A member's own keys go on: each
 * signs the next one into the chain (`bus.md` §6). With `pkcs11` the new key is one that a token has already.
 */
export async function rotateKey(options: RotateOptions & { readonly overlapDays: number }, terminal: Terminal) {
  const isMember = options.identifier.split('/').length === 3;
  await putKey(options, isMember ? undefined : options.overlapDays * DAY_MS, terminal);
}

/** `kerege keys add`: a key of a token beside those of the file, none of which ends; a file that is not there is made. */
export async function addKey(options: KeysOptions & NewKey, terminal: Terminal): Promise<void> {
  await putKey({ ...options, use: 'sign' }, undefined, terminal);
}

async function putKey(options: RotateOptions, overlapMs: number | undefined, terminal: Terminal): Promise<void> {
  const { identifier, keysDir, use } = options;
  const parts = identifier.split('/').length;
  if (parts === 3 && use === 'seal') throw cliErrors.error('key-use-strange', { extensions: { identifier, use } });
  if (options.pkcs11 !== undefined && use === 'seal')
    throw cliErrors.error('key-use-token', { extensions: { identifier, use } });
  const nowMs = Date.now();
  const key = dated(await newKey(options), nowMs);
  const file = fileOf(keysDir, identifier);
  const isNew = options.mayMake === true && parts > 2 && !existsSync(file);
  const seal = parts > 3 ? [dated(generateSealingKey(), nowMs)] : [];
  const text = isNew
    ? `${JSON.stringify({ keys: [key, ...seal] })}\n`
    : settled(withNewKey(await loadKeySet(file), key, nowMs, overlapMs), identifier);
  await writeSecret(file, text);
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
  if (existsSync(file)) throw cliErrors.error('key-file-there', { extensions: { file } });
  const key = generateSigningKey();
  await writeSecret(file, `${JSON.stringify({ keys: [key] })}\n`);
  const dateIn = (count: number) => new Date(Date.now() + count * DAY_MS).toISOString().slice(0, 10);
  const { kty, crv, x } = publicJwk(key);
  terminal.out(`- { key: { kty: ${kty}, crv: ${crv}, x: '${x}' }, from: ${dateIn(0)}, until: ${dateIn(days)} }\n`);
  terminal.tell(`made in ${file}; bring it to the information system and keep no other copy.`);
  terminal.tell('The line above goes under "credentials" of the subsystem. Then "kerege apply" publishes it.');
}

async function newKey({ identifier, use, algorithm, pkcs11, settings }: RotateOptions) {
  if (pkcs11 !== undefined) return { ...(await tokenKey(identifier, pkcs11, settings)), use: 'sig' as const };
  if (use === 'seal') return generateSealingKey();
  return algorithm === 'ES256' ? generateP256Key() : generateSigningKey();
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

function lineOf({ kid, use, state, fromMs, untilMs, pkcs11 }: ShownKey): string {
  const instant = (ms: number | undefined) => (ms === undefined ? '-' : new Date(ms).toISOString().slice(0, 19) + 'Z');
  const times = [instant(fromMs), instant(untilMs), ...(pkcs11 === undefined ? [] : [pkcs11])];
  return [kid.padEnd(43), use.padEnd(11), state.padEnd(13), ...times].join('  ');
}
