import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { verifyEvidence } from '../../../apps/cli/src/verify/index.js';
import { repositoryRoot } from '#local';
import { fetchEvidence } from '../ledger/gateway-client.js';
import type { Told } from '../ledger/told.js';
import { inTurns } from './load.js';
import type { Random } from './random.js';

export interface EvidenceReport {
  readonly released: number;
  /** Judged by the verifier of `kerege verify`, in this process. */
  readonly checked: number;
  /** Of those: judged by the command itself, in processes of its own. */
  readonly byCommand: number;
  /**
   * Of those: without the answer's head, because the gateway died between the release and its row's end, and the row was
   * ended from the log (`bus.md` §4.9). The leaves prove it; that the body is the one signed cannot be checked.
   */
  readonly headless: number;
  readonly refused: readonly { readonly exchangeId: string; readonly why: string }[];
}

export interface EvidenceOptions {
  readonly gatewayUrl: string;
  readonly trustFile: string;
  readonly random: Random;
  readonly untilMs: number;
}

interface Released {
  readonly exchangeId: string;
  readonly consumer: string;
  readonly body: Buffer;
}

/** A run of half an hour releases more than can be fetched afterwards: then a sample, drawn by the seed. */
const MAX_CHECKED = 6_000;
const BY_COMMAND = 10;
/** A process takes so long to start on a machine that is at its end. */
const COMMAND_TIMEOUT_MS = 180_000;

/** Every released answer verifies, offline, with the very body that the client got. */
export async function checkEvidence(told: readonly Told[], options: EvidenceOptions): Promise<EvidenceReport> {
  const released = releasedOf(told);
  const sample = options.random.shuffled(released).slice(0, MAX_CHECKED);
  const trust = await readFile(options.trustFile);
  const directory = await mkdtemp(join(tmpdir(), 'kerege-evidence-'));
  const verdicts = await inTurns([...sample.entries()], 4, async ([number, one]) => {
    const evidence = await evidenceOf(one, options);
    if (evidence === undefined) return { one, why: 'the gateway has no evidence of it' };
    if (!hasHead(evidence)) {
      const proven = verifyEvidence(evidence, trust);
      return proven.ok ? { one, isHeadless: true } : { one, why: `${proven.reason.code} at ${proven.reason.where}` };
    }
    const verdict = verifyEvidence(evidence, trust, { answerBody: one.body });
    if (!verdict.ok) return { one, why: `${verdict.reason.code} at ${verdict.reason.where}` };
    if (number >= BY_COMMAND) return { one };
    return { one, why: await judgeByCommand(directory, evidence, one, options.trustFile) };
  });
  await rm(directory, { recursive: true, force: true });
  return {
    released: released.length,
    checked: sample.length,
    byCommand: Math.min(BY_COMMAND, sample.length),
    headless: verdicts.filter(({ isHeadless }) => isHeadless === true).length,
    refused: verdicts.flatMap(({ one, why }) => (why === undefined ? [] : [{ exchangeId: one.exchangeId, why }])),
  };
}

function hasHead(evidence: Buffer): boolean {
  const { answer } = JSON.parse(evidence.toString('utf8')) as { answer: unknown };
  return answer !== null;
}

/** Each exchange once: an answer under a key may have been told to several who joined. */
function releasedOf(told: readonly Told[]): Released[] {
  const released = told.flatMap(({ answer, consumer }): [string, Released][] =>
    answer.kind === 'answered'
      ? [[answer.exchangeId, { exchangeId: answer.exchangeId, consumer, body: answer.body }]]
      : [],
  );
  return [...new Map(released).values()];
}

/** Asked again until the time is up: the row of an answer told just before a kill is ended from the log, later. */
async function evidenceOf(one: Released, { gatewayUrl, untilMs }: EvidenceOptions): Promise<Buffer | undefined> {
  for (;;) {
    const evidence = await fetchEvidence(gatewayUrl, one.consumer, one.exchangeId);
    if (evidence !== undefined || Date.now() >= untilMs) return evidence;
    await delay(1_000);
  }
}

async function judgeByCommand(directory: string, evidence: Buffer, one: Released, trust: string) {
  const file = join(directory, `${one.exchangeId}.json`);
  const answer = join(directory, `${one.exchangeId}.body`);
  await Promise.all([writeFile(file, evidence), writeFile(answer, one.body)]);
  const command = join(repositoryRoot(), 'dist/bin/kerege.js');
  const args = [command, 'verify', file, '--trust', trust, '--answer', answer];
  return new Promise<string | undefined>((resolve) => {
    execFile(process.execPath, args, { timeout: COMMAND_TIMEOUT_MS }, (error, _out, err) =>
      resolve(error === null ? undefined : `kerege verify: ${err.trim() || error.message}`),
    );
  });
}
