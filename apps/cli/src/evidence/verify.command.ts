import { cliErrors } from '../cli.errors.js';
import type { Terminal } from '../terminal/terminal.js';
import { explain, verifyEvidence } from '../verify/index.js';
import { readBytes, readEvidence } from './read-evidence.service.js';
import { renderReport } from './render-report.js';

export interface VerifyCommandOptions {
  /** A file or an http(s) URL. */
  readonly place: string;
  readonly trustFile: string;
  readonly client?: string | undefined;
  readonly answerFile?: string | undefined;
  readonly json: boolean;
}

/** `kerege verify`: judges evidence by `trust.json` alone (`statements.md` §6). */
export async function verifyCommand(options: VerifyCommandOptions, terminal: Terminal): Promise<void> {
  const trust = await readBytes(options.trustFile);
  const evidence = await readEvidence(options.place, options.client);
  const answerBody = options.answerFile === undefined ? undefined : await readBytes(options.answerFile);
  judge(evidence, trust, answerBody, options.json, terminal);
}

/** Tells the verdict; throws `not-verified` if it is a bad one. */
export function judge(
  evidence: Uint8Array,
  trust: Uint8Array,
  answerBody: Uint8Array | undefined,
  json: boolean,
  terminal: Terminal,
): void {
  const verdict = verifyEvidence(evidence, trust, answerBody === undefined ? {} : { answerBody });
  if (json) terminal.out(`${JSON.stringify(verdictJson(verdict))}\n`);
  if (!verdict.ok) {
    throw cliErrors.error('not-verified', { extensions: { problem: explain(verdict.reason) } });
  }
  if (!json) for (const line of renderReport(verdict.value, terminal.paint)) terminal.tell(line);
}

function verdictJson(verdict: ReturnType<typeof verifyEvidence>): object {
  return verdict.ok ? { verified: true, ...verdict.value } : { verified: false, ...verdict.reason };
}
