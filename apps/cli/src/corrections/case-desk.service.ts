import { join } from 'node:path';
import { CaseClient } from '#case-client';
import { parseSubsystemId } from '#kernel';
import { keyFileName, KeyRing } from '#signing';
import { cliErrors } from '../cli.errors.js';
import { readBytes } from '../evidence/read-evidence.service.js';
import { newestSigningKey } from '../token/signing-key.js';
import type { TypedOptions } from './next-step.command.js';

export interface DeskOptions {
  readonly subsystem: string;
  readonly keysDir: string;
  readonly feedbackUrl: string;
  /** How these are typed again in a next command. */
  readonly typed: TypedOptions;
}

const TIMEOUT_MS = 30_000;

/** Corrections of a subsystem, with the keys of its key file. */
export async function openCaseDesk({ subsystem, keysDir, feedbackUrl }: DeskOptions): Promise<CaseClient> {
  const file = join(keysDir, keyFileName(subsystem));
  const parsed = parseSubsystemId(subsystem);
  const bytes = await readBytes(file);
  const key = newestSigningKey(bytes);
  if (!parsed.ok || key === undefined) throw cliErrors.error('key-file-unusable', { extensions: { file } });
  const ring = KeyRing.parse([[subsystem, bytes.toString('utf8')]]);
  const signer = ring.signer(subsystem, new Set([key.kid]));
  return new CaseClient({
    ...{ feedbackUrl, subsystem: parsed.value, timeoutMs: TIMEOUT_MS },
    signer: () => signer,
    unsealKey: (to, kid) => ring.unsealKey(to, kid),
  });
}
