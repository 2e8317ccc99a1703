import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeSecret } from '../apply/key-files.service.js';
import type { Terminal } from '../terminal/terminal.js';
import { signOfficerIn } from './officer-sign-in.service.js';

export interface LoginOptions {
  readonly issuer: string;
  readonly client: string;
  readonly person?: string | undefined;
  readonly tokenFile: string;
}

/** `kerege login`: signs an officer in and keeps the token, for ten minutes or as long as the issuer gives it. */
export async function loginCommand({ tokenFile, ...options }: LoginOptions, terminal: Terminal): Promise<void> {
  const show = (url: string) => terminal.tell(`Open this in a browser and sign in:\n  ${url}`);
  const token = await signOfficerIn({ ...options, show });
  await mkdir(dirname(tokenFile), { recursive: true });
  await writeSecret(tokenFile, `${token}\n`);
  terminal.tell(
    `${terminal.paint('green', '✓')} Signed in; the token lies in ${tokenFile}. kerege logout takes it away.`,
  );
}

/** `kerege logout`. */
export async function logoutCommand(tokenFile: string, terminal: Terminal): Promise<void> {
  await rm(tokenFile, { force: true });
  terminal.tell('Signed out.');
}

/** Of whoever has signed in: the setting goes before the file; undefined where there is neither. */
export async function officerToken(token: string, tokenFile: string): Promise<string | undefined> {
  if (token !== '') return token;
  const kept = (await readFile(tokenFile, 'utf8').catch(() => '')).trim();
  return kept === '' ? undefined : kept;
}
