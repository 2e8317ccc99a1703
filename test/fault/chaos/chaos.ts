import { setTimeout as delay } from 'node:timers/promises';
import type { Instance, InstanceOptions } from '../../../apps/sandbox/src/instance/instance.js';
import { readAgencies } from '../ledger/agency-calls.js';
import { judge, mayMend, type Breach } from '../ledger/judge.js';
import { LogReader, type Head, type LogCopy } from '../ledger/log-reader.js';
import type { AskedState } from '../ledger/told.js';
import { longestSilenceMs, totalsOf } from '../ledger/totals.js';
import { chaosErrors } from './chaos.errors.js';
import { checkEvidence } from './evidence.js';
import { historyAtRest, isWhole, killFeedback } from './history.js';
import { planKills, type Kill } from './kill-plan.js';
import { killByPlan, type Killed } from './killer.js';
import { Load } from './load.js';
import { Orders } from './orders.js';
import { Random } from './random.js';
import { middle, recoveries } from './recovery.js';
import type { ChaosReport } from './report.js';
import type { ChaosSettings } from './settings.js';
import { collectHeads } from './watch.js';

/**
 * What has to happen by itself happens soon: outcomes are looked for each second, and the sweeper waits little longer
 * than the seven seconds that an exchange of these services may take.
 */
const AUDIT_ENV = {
  KEREGE_AUDIT_LONGEST_DEADLINE_MS: '10000',
  KEREGE_AUDIT_SWEEP_GRACE_MS: '5000',
  KEREGE_AUDIT_SWEEP_INTERVAL_MS: '1000',
};
/** What nobody has opened is asked for soon: who should have sent it may have died. */
const FEEDBACK_ENV = { KEREGE_FEEDBACK_UNOPENED_AFTER_MS: '15000', KEREGE_FEEDBACK_UNOPENED_INTERVAL_MS: '2000' };
const GATEWAY_ENV = { KEREGE_GATEWAY_OUTCOMES_EVERY_MS: '1000', KEREGE_GATEWAY_OUTCOMES_AFTER_MS: '3000' };

/** What is killed here stands twice wherever a real installation has it twice. */
export const CHAOS_INSTANCE = {
  isDoubled: true,
  env: {
    audit: AUDIT_ENV,
    audit2: AUDIT_ENV,
    gateway: GATEWAY_ENV,
    gateway2: GATEWAY_ENV,
    feedback: FEEDBACK_ENV,
    agencies: { KEREGE_AGENCY_LEDGER_SIZE: '1000000' },
  },
} as const satisfies Partial<InstanceOptions>;

/** Of all calls, whatever the order of the kills: the part that was answered well, where a machine is not slow. */
const LEAST_GOOD_SHARE = 0.3;
/** Where it is, a killed process is away for longer than this, and the kills do not wait. */
const USUAL_START_MS = 6_000;
/** However slow: less is no work. */
const FLOOR_SHARE = 0.1;

/** The share that a machine can do on which processes take so long to start: the usual one, or less in proportion. */
function leastGoodShare(killed: readonly Killed[]): number {
  const startMs = middle(killed.map(({ killedMs, backMs }) => backMs - killedMs));
  return Math.max(FLOOR_SHARE, LEAST_GOOD_SHARE * Math.min(1, USUAL_START_MS / startMs));
}

/** An exchange whose gateway died is taken over a minute after its deadline (`bus.md` §4.9); the rest is for slowness. */
const REST_LIMIT_MS = 150_000;
const READY_LIMIT_MS = 90_000;
const LOOK_MS = 1_000;

export interface ChaosOptions {
  readonly instance: Instance;
  readonly settings: ChaosSettings;
  readonly tell: (line: string) => void;
}

/** Loads and kills a running bus, waits until it has come to rest, and holds the three ledgers against each other. */
export async function runChaos({ instance, settings, tell }: ChaosOptions): Promise<ChaosReport> {
  const { seed, minutes, rate, kinds, gapMs } = settings;
  const durationMs = minutes * 60_000;
  const plan = planKills(seed, durationMs, kinds, gapMs);
  tell(`seed ${seed}; ${plan.length} kills: ${describePlan(plan)}`);
  const gatewayUrls = [instance.gatewayUrl, ...instance.gatewayUrls.slice(1)] as const;
  const log = await LogReader.find(instance.auditUrl);
  const load = new Load({ gatewayUrls, orders: new Orders(seed), durationMs, perSecond: rate });
  const storm = new AbortController();
  const watching = collectHeads(log, storm.signal);
  const killing = Promise.all([killByPlan(instance, plan, storm.signal), killFeedback(instance, storm.signal)]);
  await load.run();
  const calmFromMs = Date.now();
  storm.abort();
  const [heads, [killed, feedbackKills]] = await Promise.all([watching, killing]);
  tell('the load has ended; waiting for rest');
  await Promise.all(gatewayUrls.map((url) => awaitReady(url)));
  const untilMs = Date.now() + REST_LIMIT_MS;
  const states = await load.askAgain(untilMs);
  const rested = await comeToRest({ instance, log, load, heads, states }, untilMs);
  const restMs = Date.now() - calmFromMs;
  tell('at rest; verifying the evidence of every released answer');
  const inLog = rested.copy.leaves.reduce((sum, { commitments = 0 }) => sum + commitments, 0);
  const history = await historyAtRest(instance.databaseUrl, inLog, Date.now() + REST_LIMIT_MS);
  const random = new Random(seed);
  const { gatewayUrl, trustFile } = instance;
  const evidence = await checkEvidence(load.told, { gatewayUrl, trustFile, random, untilMs: Date.now() + 90_000 });
  const totals = totalsOf(load.told, rested.calls, rested.copy.leaves);
  const refused = evidence.refused.map(({ exchangeId, why }) => ({
    rule: 'evidence' as const,
    subject: exchangeId,
    what: why,
  }));
  const unwhole = isWhole(history, inLog)
    ? []
    : [{ rule: 'history' as const, subject: 'feedback', what: `${inLog} in the log; ${JSON.stringify(history)}` }];
  return {
    settings,
    killed,
    told: load.told,
    longestKillGapMs: longestGapMs(killed),
    totals,
    goodShare: totals.clients.good / totals.clients.calls,
    leastGoodShare: leastGoodShare(killed),
    plainGoodShare: LEAST_GOOD_SHARE,
    longestSilenceMs: longestSilenceMs(load.told, calmFromMs),
    recoveries: recoveries(killed, load.told),
    evidence,
    history: { ...history, kills: feedbackKills },
    headsSeen: heads.length,
    restMs,
    breaches: [...rested.breaches, ...refused, ...unwhole],
  };
}

interface Parts {
  readonly instance: Instance;
  readonly log: LogReader;
  readonly load: Load;
  readonly heads: readonly Head[];
  readonly states: readonly AskedState[];
}

interface Rested {
  readonly copy: LogCopy;
  readonly calls: Awaited<ReturnType<typeof readAgencies>>['calls'];
  readonly breaches: readonly Breach[];
}

/** Reads the ledgers until they agree, or until what they still disagree about has had all the time that there is. */
async function comeToRest({ instance, log, load, heads, states }: Parts, untilMs: number): Promise<Rested> {
  for (;;) {
    const copy = await log.copy();
    const { calls, forgotten } = await readAgencies(instance.agencies);
    if (forgotten > 0) throw chaosErrors.error('chaos-ledger-short', { details: { forgotten } });
    const isLate = Date.now() >= untilMs;
    if (copy !== undefined) {
      const seen = [...heads, copy.head];
      const { leaves, tileHashes } = copy;
      const breaches = judge({ told: load.told, states, calls, leaves, tileHashes, heads: seen });
      if (isLate || !breaches.some((breach) => mayMend(breach))) return { copy, calls, breaches };
    } else if (isLate) throw chaosErrors.error('chaos-not-at-rest', { extensions: { problems: ['the log'] } });
    await delay(LOOK_MS);
  }
}

async function awaitReady(gatewayUrl: string): Promise<void> {
  const untilMs = Date.now() + READY_LIMIT_MS;
  for (;;) {
    const answer = await fetch(`${gatewayUrl}/ready`, { signal: AbortSignal.timeout(6_000) })
      .then(async (response) => ({ isReady: response.ok, text: await response.text() }))
      // Starting: asked again until the time is up.
      .catch((cause: unknown) => ({ isReady: false, text: String(cause) }));
    if (answer.isReady) return;
    if (Date.now() >= untilMs)
      throw chaosErrors.error('chaos-not-at-rest', { extensions: { problems: [answer.text] } });
    await delay(LOOK_MS);
  }
}

function longestGapMs(killed: readonly Killed[]): number {
  return killed.reduce((longest, { killedMs }, index) => {
    const before = killed[index - 1];
    return before === undefined ? longest : Math.max(longest, killedMs - before.killedMs);
  }, 0);
}

function describePlan(plan: readonly Kill[]): string {
  return plan.map(({ atMs, victim }) => `${victim}@${(atMs / 1_000).toFixed(1)}`).join(' ');
}
