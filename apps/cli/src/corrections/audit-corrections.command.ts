import { join } from 'node:path';
import { makeReaderToken } from '#reader-auth';
import { keyFileName } from '#signing';
import { cliErrors } from '../cli.errors.js';
import { readBytes } from '../evidence/read-evidence.service.js';
import { ask, parseJson, problemText } from '../terminal/json-client.service.js';
import type { Terminal } from '../terminal/terminal.js';
import { newestSigningKey } from '../token/signing-key.js';

export interface AuditCorrectionsOptions {
  readonly question: string;
  /** The auditor's subsystem. */
  readonly subsystem: string;
  readonly keysDir: string;
  readonly feedbackUrl: string;
  /** `aud` of tokens for feedback, where it differs from its URL. */
  readonly audience?: string | undefined;
  /** Id or public number. */
  readonly case?: string | undefined;
  readonly at?: string | undefined;
  readonly from?: string | undefined;
  readonly until?: string | undefined;
}

/**
 * `kerege audit corrections`: asks feedback one question about cases and prints its answer as JSON. Leaves that it names
 * are checked with `kerege verify-log`; feedback writes down who asked about a case.
 */
export async function auditCorrectionsCommand(options: AuditCorrectionsOptions, terminal: Terminal): Promise<void> {
  const { question, subsystem, keysDir, feedbackUrl, audience = feedbackUrl, at, from, until } = options;
  const file = join(keysDir, keyFileName(subsystem));
  const key = newestSigningKey(await readBytes(file));
  if (key === undefined) throw cliErrors.error('key-file-unusable', { extensions: { file } });
  const said = Object.entries({ case: options.case, at, from, until }).filter(([, value]) => value !== undefined);
  const query = new URLSearchParams(said as [string, string][]).toString();
  const path = `/v1/audit/corrections/${question}${query === '' ? '' : `?${query}`}`;
  const token = await makeReaderToken({ subsystem, audience, key, nowMs: Date.now() });
  const answer = await ask(new URL(path, feedbackUrl).href, { headers: { authorization: `Bearer ${token}` } });
  if (answer.status !== 200)
    throw cliErrors.error('server-refused', { extensions: { address: path, said: problemText(answer) } });
  terminal.out(`${JSON.stringify(parseJson(answer.body), null, 2)}\n`);
}
