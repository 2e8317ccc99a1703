import { join } from 'node:path';
import { z } from 'zod';
import { makeReaderToken } from '#reader-auth';
import { keyFileName, type PrivateJwk } from '#signing';
import { cliErrors } from '../cli.errors.js';
import { readBytes } from '../evidence/read-evidence.service.js';
import { parseJson } from '../terminal/json-client.service.js';
import type { Terminal } from '../terminal/terminal.js';
import { signIn } from './sign-in.service.js';

export interface TokenCommandOptions {
  readonly subsystem: string;
  readonly audience: string;
  readonly keysDir: string;
  /** A test identity that signs in; absent: the subsystem itself, to read the log. */
  readonly endUser?: string | undefined;
  readonly issuer: string;
  readonly level: string;
}

const signingKey = z.object({
  kty: z.enum(['OKP', 'EC']),
  crv: z.enum(['Ed25519', 'P-256']),
  x: z.string(),
  y: z.string().optional(),
  d: z.string(),
  kid: z.string(),
  use: z.literal('sig'),
});
const keyFile = z.object({ keys: z.array(z.unknown()) });

/**
 * `kerege token`: one token for one request to the read API, from the subsystem's key file, or what a person who has
 * signed in at the sandbox is to be shown with (`Kerege-End-User`); to standard output.
 */
export async function tokenCommand(options: TokenCommandOptions, terminal: Terminal): Promise<void> {
  const { subsystem, audience, keysDir, endUser: person, issuer, level } = options;
  const file = join(keysDir, keyFileName(subsystem));
  const key = newestSigningKey(await readBytes(file));
  if (key === undefined) throw cliErrors.error('key-file-unusable', { extensions: { file } });
  const token =
    person === undefined
      ? await makeReaderToken({ subsystem, audience, key, nowMs: Date.now() })
      : await signIn({ issuer, subsystem, key, person, level });
  terminal.out(`${token}\n`);
}

/** The last key of a key file with which its owner signs. */
export function newestSigningKey(bytes: Buffer): PrivateJwk | undefined {
  const parsed = keyFile.safeParse(parseJson(bytes));
  const keys = parsed.success ? parsed.data.keys : [];
  return keys.flatMap((key) => signingKey.safeParse(key).data ?? []).at(-1);
}
