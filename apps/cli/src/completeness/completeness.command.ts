import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { sha256, toBase64Url } from '#kernel';
import { jwkSigner, keyFileName, signDocument } from '#signing';
import { cliErrors } from '../cli.errors.js';
import { readBytes } from '../evidence/read-evidence.service.js';
import { logSource } from '../log-check/log-source.service.js';
import type { Terminal } from '../terminal/terminal.js';
import { newestSigningKey } from '../token/signing-key.js';
import { ThreadedChecks, verifyLog } from '../verify-log/index.js';
import { namedLogs, openHead, type NamedHead } from './audit-logs.service.js';
import {
  compareCounts,
  compareRepeated,
  compareSample,
  type CountedLog,
  type FoundProblem,
  type SaidOfCommitment,
} from './compare.js';
import type { CompletenessReport } from './completeness.js';
import { FeedbackReader } from './feedback-reader.service.js';
import { erasedByLog, LogCounter } from './log-count.js';
import { renderCompleteness } from './render-completeness.js';
import { sampleIndices } from './sample.js';

export interface CompletenessOptions {
  /** The auditor's subsystem. */
  readonly subsystem: string;
  readonly keysDir: string;
  readonly trustFile: string;
  readonly auditUrl: string;
  readonly feedbackUrl: string;
  /** `aud` of tokens for feedback, where it differs from its URL. */
  readonly audience?: string | undefined;
  /** Token of a reader, where leaves are not public. */
  readonly tokenFile?: string | undefined;
  /** Leaves of each log. */
  readonly sample: number;
  readonly out?: string | undefined;
  readonly json: boolean;
  /** How long feedback may take to follow the log. */
  readonly patienceMs?: number;
}

interface SampledLog {
  readonly head: NamedHead;
  readonly indices: readonly number[];
  readonly counter: LogCounter;
  readonly verified: boolean;
}

const PATIENCE_MS = 60_000;
const ASK_AGAIN_MS = 500;
const AHEAD_PER_THREAD = 8;
const AT_ONCE = 100;

/**
 * `kerege audit completeness`: verifies every log, counts the commitments in its leaves, and holds feedback's word against
 * them; then has it open a sample that nobody could choose. To standard output goes the report as a JWS by the auditor's
 * key. Throws `completeness-not-shown` if anything is found.
 */
export async function completenessCommand(options: CompletenessOptions, terminal: Terminal): Promise<void> {
  const { subsystem, keysDir, feedbackUrl, out } = options;
  const file = join(keysDir, keyFileName(subsystem));
  const key = newestSigningKey(await readBytes(file));
  if (key === undefined) throw cliErrors.error('key-file-unusable', { extensions: { file } });
  const audience = options.audience ?? feedbackUrl;
  const feedback = new FeedbackReader({ url: feedbackUrl, audience, subsystem, key });
  const report = await completeness(options, feedback);
  const signed = await signDocument('kerege-completeness+jwt', report, jwkSigner(key));
  if (out !== undefined) await writeFile(out, `${signed}\n`);
  else if (!options.json) terminal.out(`${signed}\n`);
  if (options.json) terminal.out(`${JSON.stringify(report)}\n`);
  for (const line of renderCompleteness(report, terminal.paint)) terminal.tell(line);
  if (report.findings.length > 0)
    throw cliErrors.error('completeness-not-shown', { extensions: { findings: report.findings.length } });
}

async function completeness(options: CompletenessOptions, feedback: FeedbackReader): Promise<CompletenessReport> {
  const { trustFile, auditUrl, tokenFile, subsystem, feedbackUrl } = options;
  const trust = await readBytes(trustFile);
  const token = tokenFile === undefined ? undefined : (await readBytes(tokenFile)).toString().trim();
  // The roots first, then the nonce, then the questions: nobody can have prepared for these leaves.
  const heads = await Promise.all((await namedLogs(auditUrl)).map((origin) => openHead(auditUrl, origin)));
  const nonce = randomBytes(32);
  const said = await settledReport(feedback, heads, options.patienceMs ?? PATIENCE_MS);
  const at = new Date().toISOString();
  const checks = new ThreadedChecks(availableParallelism());
  try {
    const logs: SampledLog[] = [];
    const seen = heads.length > 1 ? new Set<number>() : undefined;
    for (const head of heads) {
      const indices = sampleIndices(head.root, nonce, head.size, options.sample);
      const counter = new LogCounter(said.get(head.origin)?.size ?? head.size, new Set(indices), seen);
      const { report } = await verifyLog({
        ...{ source: logSource(head.prefix, token), trust, checks, observer: counter },
        window: availableParallelism() * AHEAD_PER_THREAD,
        against: { name: 'the checkpoint before', note: head.note },
      });
      logs.push({ head, indices, counter, verified: report.verified && report.origin === head.origin });
    }
    const erased = erasedByLog(logs.flatMap(({ counter }) => counter.erasures));
    const counted = logs.map((log) => ({ ...countedLog(log, erased), said: said.get(log.head.origin) }));
    const isShared = counted.some(({ said: one }) => (one?.repeated ?? 0) > 0);
    const repeated = compareRepeated(
      counted,
      logs.reduce((sum, { counter }) => sum + counter.repeated, 0),
    );
    const samples = await Promise.all(logs.map((log) => sampled(log, feedback)));
    return {
      ...{ v: 1, at, auditor: subsystem, feedback: feedbackUrl, nonce: toBase64Url(nonce) },
      logs: counted.map((log, index) => ({
        ...log,
        root: toBase64Url(logs[index]?.head.root ?? Buffer.alloc(0)),
        sample: logs[index]?.indices.length ?? 0,
      })),
      sampled: sumOf(logs, samples),
      findings: [
        ...counted.flatMap((log) => compareCounts(log, isShared)),
        ...repeated,
        ...samples.flatMap(({ findings }) => findings),
      ],
    };
  } finally {
    await checks.close();
  }
}

/** Feedback may still be reading, or stating what it erased: it is asked again for a while. */
async function settledReport(feedback: FeedbackReader, heads: readonly NamedHead[], patienceMs: number) {
  const until = performance.now() + patienceMs;
  for (;;) {
    const said = await feedback.report();
    const isThere = heads.every(({ origin, size }) => (said.get(origin)?.size ?? 0) >= size);
    if ((isThere && [...said.values()].every(({ stating }) => stating === 0)) || performance.now() >= until)
      return said;
    await setTimeout(ASK_AGAIN_MS);
  }
}

function countedLog(
  { head, counter, verified }: SampledLog,
  erased: ReadonlyMap<string, number>,
): Omit<CountedLog, 'said'> {
  const doc = `h0:${toBase64Url(sha256(head.origin))}`;
  const { origin, size } = head;
  return { origin, size, verified, commitments: counter.commitments, erasedInLog: erased.get(doc) ?? 0 };
}

async function sampled({ head, indices, counter, verified }: SampledLog, feedback: FeedbackReader) {
  const said: SaidOfCommitment[] = [];
  // All of the sample is asked for, so that a commitment which no leaf has is found as well.
  const isAsked = verified && counter.sampled.length > 0;
  for (let at = 0; isAsked && at < indices.length; at += AT_ONCE)
    said.push(...(await feedback.sample(head.origin, indices.slice(at, at + AT_ONCE))));
  const findings: FoundProblem[] = isAsked ? compareSample(head.origin, counter.sampled, said) : [];
  return { said, findings };
}

function sumOf(
  logs: readonly SampledLog[],
  samples: readonly { readonly said: readonly SaidOfCommitment[] }[],
): CompletenessReport['sampled'] {
  const said = samples.flatMap((sample) => sample.said);
  const inState = (...states: readonly string[]) => said.filter(({ state }) => states.includes(state)).length;
  return {
    leaves: logs.reduce((sum, { indices }) => sum + indices.length, 0),
    commitments: logs.reduce((sum, { counter }) => sum + counter.sampled.length, 0),
    opened: inState('shown', 'concealed'),
    pending: inState('pending'),
    erased: inState('erased'),
  };
}
