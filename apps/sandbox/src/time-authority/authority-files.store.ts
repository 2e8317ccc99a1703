import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AUTHORITIES, TSA_CONFIG, TSA_EXTENSIONS, type AuthorityName } from './openssl-config.js';
import { openssl } from './openssl.service.js';

/** Ten years: tokens are checked at their own time, but an authority that has expired cannot make new ones. */
const DAYS = '3650';
/** For people: `openssl ts -verify … -CAfile data/time-authority/tsa-ca.pem`. */
const ROOTS_FILE = 'tsa-ca.pem';

export function authorityDir(dir: string, name: AuthorityName): string {
  return join(dir, name);
}

/**
 * Makes the sandbox's time-stamp authorities, each with a root of its own, and leaves alone what is there. A folder
 * appears whole or not at all.
 * @returns the roots, PEM, in the order of `AUTHORITIES`.
 */
export async function ensureAuthorities(dir: string): Promise<string[]> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const roots: string[] = [];
  for (const { name, newKey } of AUTHORITIES) {
    const folder = authorityDir(dir, name);
    const standing = await readFile(join(folder, 'ca.pem'), 'utf8').catch(() => undefined);
    roots.push(standing ?? (await makeAuthority(folder, name, newKey)));
  }
  await writeFile(join(dir, ROOTS_FILE), roots.join(''));
  return roots;
}

async function makeAuthority(folder: string, name: string, newKey: readonly string[]): Promise<string> {
  const fresh = `${folder}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { mode: 0o700 });
  await writeFile(join(fresh, 'tsa.cnf'), TSA_CONFIG);
  await writeFile(join(fresh, 'tsa.ext'), TSA_EXTENSIONS);
  // Numbers of tokens go on from here; two lives of an authority must not share any.
  await writeFile(join(fresh, 'serial'), `01${randomBytes(7).toString('hex').toUpperCase()}\n`);
  const subject = (what: string) => ['-subj', `/O=Kerege sandbox (synthetic)/CN=${name} ${what}`];
  await openssl(fresh, [
    ...['req', '-x509', '-sha256', '-days', DAYS, '-nodes', '-newkey', ...newKey, ...subject('root')],
    ...['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign'],
    ...['-keyout', 'ca.key', '-out', 'ca.pem'],
  ]);
  await openssl(fresh, [
    ...['req', '-nodes', '-newkey', ...newKey, ...subject('signer')],
    ...['-keyout', 'tsa.key', '-out', 'tsa.csr'],
  ]);
  await openssl(fresh, [
    ...['x509', '-req', '-sha256', '-days', DAYS, '-in', 'tsa.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key'],
    ...['-set_serial', `0x01${randomBytes(8).toString('hex')}`, '-extfile', 'tsa.ext', '-out', 'tsa.pem'],
  ]);
  await rename(fresh, folder);
  return readFile(join(folder, 'ca.pem'), 'utf8');
}
