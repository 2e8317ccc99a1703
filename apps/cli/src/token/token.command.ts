import { join } from 'node:path';
import { makeReaderToken } from '#reader-auth';
import { keyFileName } from '#signing';
import { cliErrors } from '../cli.errors.js';
import { readBytes } from '../evidence/read-evidence.service.js';
import type { Terminal } from '../terminal/terminal.js';
import { accessToken } from './access-token.service.js';
import { signIn } from './sign-in.service.js';
import { newestSigningKey } from './signing-key.js';

export interface TokenCommandOptions {
  readonly subsystem: string;
  readonly audience: string;
  readonly keysDir: string;
  /** A test identity that signs in; absent: the subsystem itself, to read the log. */
  readonly endUser?: string | undefined;
  readonly issuer: string;
  readonly level: string;
  /** Key file of its information system: the token is then one of the gateway, to make calls with. */
  readonly credential?: string | undefined;
  readonly gatewayUrl: string;
}

/**
 * `kerege token`: one token for one request to the read API, from the subsystem's key file, or what a person who has
 * signed in at the sandbox is to be shown with (`Kerege-End-User`), or an access token of the gateway; to standard output.
 */
export async function tokenCommand(options: TokenCommandOptions, terminal: Terminal): Promise<void> {
  const { credential, gatewayUrl, subsystem } = options;
  const token = credential === undefined ? signedToken(options) : accessToken(gatewayUrl, subsystem, credential);
  terminal.out(`${await token}\n`);
}

async function signedToken(options: TokenCommandOptions): Promise<string> {
  const { subsystem, audience, keysDir, endUser: person, issuer, level } = options;
  const file = join(keysDir, keyFileName(subsystem));
  const key = newestSigningKey(await readBytes(file));
  if (key === undefined) throw cliErrors.error('key-file-unusable', { extensions: { file } });
  return person === undefined
    ? makeReaderToken({ subsystem, audience, key, nowMs: Date.now() })
    : signIn({ issuer, subsystem, key, person, level });
}
