import { publishAddresses, type World } from '#testing';
import { feedbackConfig } from '../../../apps/feedback/src/feedback.config.js';
import { Filing } from '../../feedback/filing.js';
import { loadErrors } from '../harness/load.errors.js';
import { figuresOf, latencyHistogram, recordMs, type Figures } from '../harness/measure.js';
import { Runs, say } from '../harness/report.js';
import type { BenchSettings } from '../harness/settings.js';
import type { Workspace } from '../harness/workspace.js';

/** Cases of one run. */
const CASES = 200;
const CASES_WHEN_QUICK = 8;
const WARM_UP_CASES = 16;
/** Filings under way at once. */
const CONCURRENCY = 16;
const SEEN_AT_ONCE = 16;
const LOOK_EVERY_MS = 10;
const ROUTED_TIMEOUT_MS = 60_000;

interface Seen {
  readonly code: string;
  readonly exchangeId: string;
}

/**
 * From the portal's filing to ROUTED as the followed log shows it: two leaves, real feedback, audit, database and broker,
 * as slow in looking as they are set by default. Filed as fast as sixteen portals get answers that each take the next
 * when theirs has come; of each case the time counts from its first call.
 */
export async function routedBenchmark(
  workspace: Workspace,
  databaseUrl: string,
  { runs, isQuick }: BenchSettings,
): Promise<{ readonly routed: Figures; readonly world: World }> {
  publishAddresses({ databaseUrl, kafkaBrokers: await workspace.kafka() });
  const filing = await Filing.create();
  workspace.onEnd(() => filing.close());
  const { followIntervalMs, correctionIntervalMs } = feedbackConfig.load({
    ...{
      DATABASE_URL: databaseUrl,
      KEREGE_FEEDBACK_KEYS_DATABASE_URL: databaseUrl,
      KEREGE_INSTANCE_ID: 'TEST/feedback1',
    },
    ...{ KEREGE_KEYS_DIR: '/', KEREGE_TRUST_FILE: '/', KEREGE_AUDIT_URL: 'http://127.0.0.1' },
  });
  await filing.start({ followIntervalMs, correctionIntervalMs });
  const cases = isQuick ? CASES_WHEN_QUICK : CASES;
  say(`corrections: filed to routed, ${cases} cases a run, ${CONCURRENCY} at once; log and feedback in one process`);
  const measured = new Runs(`filed to routed, ${CONCURRENCY} concurrent`);
  await oneRun(filing, await seen(filing, 0, isQuick ? CASES_WHEN_QUICK : WARM_UP_CASES));
  for (let run = 1; run <= runs; run += 1) measured.add(await oneRun(filing, await seen(filing, run * 10_000, cases)));
  return { routed: measured.close(), world: filing.network.audit.world };
}

/** A person for each case, with an exchange to complain of. */
async function seen(filing: Filing, from: number, count: number): Promise<Seen[]> {
  const codes = Array.from({ length: count }, (_, at) => `TEST${String(from + at).padStart(6, '0')}`);
  const found: Seen[] = [];
  for (let at = 0; at < count; at += SEEN_AT_ONCE)
    found.push(
      ...(await Promise.all(
        codes.slice(at, at + SEEN_AT_ONCE).map(async (code) => ({ code, exchangeId: await filing.seen(code) })),
      )),
    );
  return found;
}

async function oneRun(filing: Filing, persons: readonly Seen[]): Promise<Figures> {
  const latency = latencyHistogram();
  const waiting = new Map<string, number>();
  const startedMs = performance.now();
  const next = persons.values();
  const portal = async (): Promise<void> => {
    for (const person of next) {
      const filedMs = performance.now();
      const { id, said } = await filing.file(person);
      if (said.status !== 200) throw loadErrors.error('bench-wrong-answer', { details: { status: said.status } });
      waiting.set(id, filedMs);
    }
  };
  const portals = Promise.all(Array.from({ length: CONCURRENCY }, portal));
  const progress = { isOver: false };
  // What failed is told where it is awaited.
  const over = () => void (progress.isOver = true);
  portals.then(over, over);
  const { feedback } = await filing.network.databases();
  for (let lastMs = performance.now(); !progress.isOver || waiting.size > 0;) {
    const routed = await feedback.query<{ id: string }>(
      `SELECT id FROM correction_case WHERE state = 'ROUTED' AND pending IS NULL AND id = ANY($1::uuid[])`,
      [[...waiting.keys()]],
    );
    const nowMs = performance.now();
    if (routed.length > 0) lastMs = nowMs;
    for (const { id } of routed) {
      recordMs(latency, nowMs - (waiting.get(id) ?? nowMs));
      waiting.delete(id);
    }
    if (nowMs - lastMs > ROUTED_TIMEOUT_MS)
      throw loadErrors.error('bench-wrong-answer', { details: { unrouted: waiting.size } });
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  await portals;
  return figuresOf(latency, persons.length / seconds);
}
