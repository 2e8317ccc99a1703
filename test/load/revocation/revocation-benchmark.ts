import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import { connectKafkaBus } from '#bus';
import { systemClock } from '#kernel';
import { logKeys } from '#log-watch';
import { loadTrust } from '#platform';
import { RegistryCopy } from '#registry-copy';
import type { RegistryView } from '#snapshot';
import type { Instance } from '../../../apps/sandbox/src/instance/instance.js';
import { startInstance } from '../../../apps/sandbox/src/instance/instance.module.js';
import type { Bus } from '#bus';
import { loadErrors } from '../harness/load.errors.js';
import { describeMachine } from '../harness/machine.js';
import { say } from '../harness/report.js';
import type { BenchSettings } from '../harness/settings.js';
import { Workspace } from '../harness/workspace.js';
import { DirectRequests } from './direct-requests.js';
import { Intake, proving, reading, stolenKey } from './key-probes.js';
import { Probes } from './probes.js';
import { RegistryChanges, REVOCATIONS, type Revocation } from './registry-changes.js';

/** Exchanges a second at each gateway, and requests a second at each partition of the provider. */
const RATE = 20;
const ROUNDS = 5;
const TARGET = '/r1/DEMO/GOV/1001/population/persons/TEST000001';
const HEADERS = { 'x-road-client': 'DEMO/GOV/1000/mygov', 'kerege-purpose': 'citizen-view' };
/** Whoever has not closed by then never will. */
const PATIENCE_MS = 30_000;
const CALL_TIMEOUT_MS = 15_000;
const LEDGER_DELAY_MS = 1_500;
/** What is promised: refused everywhere within a second. */
const GOAL_MS = 1_000;

interface Delay {
  readonly median: number;
  readonly max: number;
  /** Milliseconds from the registry's acknowledgement to the last acceptance; negative: the last was before it. */
  readonly each: readonly number[];
}

/** Calls of the consumer: whatever is taken from it ends them. */
const CALLS: ReadonlySet<Revocation> = new Set(['right', 'agreement', 'member', 'key'] as const);
/** What is signed with its key, and nothing that a right is asked for. */
const SIGNED: ReadonlySet<Revocation> = new Set(['key'] as const);
const PROVEN_CALLS: ReadonlySet<Revocation> = new Set(['credential'] as const);

/**
 * For how long after the registry has acknowledged a revocation anybody still lets something through: two gateways and two
 * connectors of one provider, the intake of the log, and who reads log and feedback, under constant load; a right, an
 * agreement, a member, a key and a consumer's credential revoked in turn. A gateway lets through what it hands to the
 * provider; a connector, asked past all gateways, what reaches its agency.
 */
export function revocationBenchmark(settings: BenchSettings): Promise<object> {
  return Workspace.use(async (workspace) => {
    const env = { agencies: { KEREGE_AGENCY_LEDGER_SIZE: '100000' } };
    const dataDir = join(workspace.directory, 'instance');
    const instance = await startInstance({ dataDir, isDoubled: true, isKafkaOpen: true, env });
    workspace.onEnd(() => instance.stop());
    say(await describeMachine(settings, instance.databaseUrl));
    const [rate] = settings.loads ?? [RATE];
    say(`revocation: ${rate}/s at each gateway and each partition; everything on this machine, load and agencies too`);
    const bus = await connectKafkaBus({ brokers: instance.kafkaBrokers.split(','), clientId: 'bench' });
    workspace.onEnd(() => bus.close());
    const view = await currentView(bus, instance);
    const direct = await DirectRequests.of(bus, instance, view);
    const everyMs = 1_000 / (rate ?? RATE);
    const intake = await Intake.of(bus, view.instances.find(({ kind }) => kind === 'gateway')?.reply ?? '');
    workspace.onEnd(() => intake.stop());
    const held = await keyProbes(instance, direct, intake, everyMs);
    const probes = [...startProbes(instance, direct, everyMs), ...held];
    workspace.onEnd(() => Promise.all(probes.map((probe) => probe.stop())));
    const changes = await RegistryChanges.of(instance);
    const rounds = settings.isQuick ? 1 : Math.max(ROUNDS, settings.runs);
    const outcome: Record<string, Record<string, Delay>> = {};
    for (const what of REVOCATIONS) outcome[what] = await measure(what, rounds, probes, changes);
    const worst = Math.max(...Object.values(outcome).flatMap((places) => Object.values(places).map(({ max }) => max)));
    const isWithinGoal = worst <= GOAL_MS;
    say(`worst ${worst} ms ≤ ${GOAL_MS}: ${isWithinGoal ? 'yes' : 'no'}`);
    return { benchmark: 'revocation', rate, rounds, worst, isWithinGoal, ...outcome };
  });
}

/** Whoever believes a key of the consumer by itself, or a credential, beside the calls that need a right. */
async function keyProbes(
  instance: Instance,
  direct: DirectRequests,
  intake: Intake,
  everyMs: number,
): Promise<Probes[]> {
  const { auditUrl, feedbackUrl, gatewayUrls } = instance;
  const key = await stolenKey(instance);
  if (key === undefined) throw loadErrors.error('bench-tool-failed', { details: { reason: 'no key of the consumer' } });
  const stamp = async () => intake.stamp(await direct.statement());
  return [
    new Probes('audit, intake', everyMs, stamp, SIGNED),
    new Probes('audit, reader', everyMs, reading(auditUrl, '/v1/leaves?limit=1', key), SIGNED),
    new Probes('feedback, reader', everyMs, reading(feedbackUrl, '/v1/portal/verifications', key), SIGNED),
    ...gatewayUrls.map(
      (url, at) => new Probes(`gateway ${at + 1}, access token`, everyMs, proving(url, instance), PROVEN_CALLS),
    ),
  ].map((probe) => probe.start());
}

function startProbes(instance: Instance, direct: DirectRequests, everyMs: number): Probes[] {
  const gateways = instance.gatewayUrls.map((url, at) => {
    const pool = new Pool(url, { connections: 64, headersTimeout: CALL_TIMEOUT_MS, bodyTimeout: CALL_TIMEOUT_MS });
    return new Probes(`gateway ${at + 1}`, everyMs, () => isLetThrough(pool), CALLS);
  });
  const ledger = new AgencyLedger(`${instance.agencies.population}/_sandbox/calls`);
  const connectors = Array.from(
    { length: direct.partitions },
    (_, partition) =>
      new Probes(
        `connector, partition ${partition}`,
        everyMs,
        async () => ledger.has(await direct.send(partition)),
        CALLS,
      ),
  );
  return [...gateways, ...connectors].map((probe) => probe.start());
}

/** A provider's refusal is an acceptance here: the gateway has let it through. */
async function isLetThrough(pool: Pool): Promise<boolean> {
  const { statusCode, headers, body } = await pool.request({ path: TARGET, method: 'GET', headers: HEADERS });
  await body.dump();
  return statusCode === 200 || String(headers['x-road-error'] ?? '').startsWith('server.serverproxy');
}

/** What has reached the agency; asked once for all that wait. */
class AgencyLedger {
  private asking: Promise<ReadonlySet<string>> | undefined;

  constructor(private readonly url: string) {}

  async has(exchangeId: string): Promise<boolean> {
    // A connector decides within this or never: the request has run into its deadline by then, or been refused.
    await delay(LEDGER_DELAY_MS);
    this.asking ??= this.ask().finally(() => (this.asking = undefined));
    return (await this.asking).has(exchangeId);
  }

  private async ask(): Promise<ReadonlySet<string>> {
    await delay(200);
    const answer = await fetch(this.url, { signal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
    const { calls } = (await answer.json()) as { calls: { exchangeId: string | null; messageId: string | null }[] };
    return new Set(calls.flatMap(({ exchangeId, messageId }) => [exchangeId ?? '', messageId ?? '']));
  }
}

async function measure(
  what: Revocation,
  rounds: number,
  all: readonly Probes[],
  changes: RegistryChanges,
): Promise<Record<string, Delay>> {
  const probes = all.filter(({ closedBy }) => closedBy.has(what));
  const delays = new Map(probes.map(({ place }) => [place, [] as number[]]));
  for (let round = 0; round < rounds; round += 1) {
    await until('open', probes, (probe, sinceMs) => probe.lastMs > sinceMs);
    await changes.revoke(what);
    const acknowledgedMs = Date.now();
    await until('closed', probes, (probe, sinceMs) => probe.isClosedSince(sinceMs + 2 * LEDGER_DELAY_MS));
    for (const { place, lastMs } of probes) delays.get(place)?.push(lastMs - acknowledgedMs);
    await changes.restore();
  }
  const outcome = Object.fromEntries([...delays].map(([place, each]) => [place, delayOf(each)]));
  for (const [place, { median, max, each }] of Object.entries(outcome))
    say(`  ${what.padEnd(10)} ${place.padEnd(26)} median ${median} ms  max ${max} ms  (${each.join(', ')})`);
  return outcome;
}

async function until(
  state: string,
  probes: readonly Probes[],
  isSo: (probe: Probes, sinceMs: number) => boolean,
): Promise<void> {
  const sinceMs = Date.now();
  for (;;) {
    const missing = probes.filter((probe) => !isSo(probe, sinceMs));
    if (missing.length === 0) return;
    if (Date.now() - sinceMs > PATIENCE_MS) {
      const reason = `not ${state}: ${missing.map(({ place }) => place).join(', ')}`;
      say(`  ${reason}`);
      throw loadErrors.error('bench-wrong-answer', { details: { reason } });
    }
    await delay(50);
  }
}

function delayOf(each: readonly number[]): Delay {
  const sorted = each.toSorted((a, b) => a - b);
  return { median: sorted[sorted.length >> 1] ?? NaN, max: sorted.at(-1) ?? NaN, each };
}

async function currentView(bus: Bus, instance: Instance): Promise<RegistryView> {
  const trust = await loadTrust(instance.trustFile);
  const copy = await RegistryCopy.start({
    bus,
    clock: systemClock,
    registryKeys: trust.registryKeys.map((jwk) => ({ kid: jwk.kid, jwk })),
    logs: logKeys(trust),
    instanceId: 'DEMO/bench',
    events: { adopted: () => undefined, alarm: () => undefined },
  });
  try {
    const view = await copy.waitFor(() => true, Date.now() + 10_000);
    if (view === undefined) throw loadErrors.error('bench-tool-failed', { details: { reason: 'no snapshot' } });
    return view;
  } finally {
    await copy.stop();
  }
}
