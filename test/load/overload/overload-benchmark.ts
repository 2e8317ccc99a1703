import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Instance } from '../../../apps/sandbox/src/instance/instance.js';
import { startInstance } from '../../../apps/sandbox/src/instance/instance.module.js';
import { ownCpuTimeMs } from '../harness/cpu-time.js';
import { loadErrors } from '../harness/load.errors.js';
import { describeMachine } from '../harness/machine.js';
import { round } from '../harness/measure.js';
import { say } from '../harness/report.js';
import type { BenchSettings } from '../harness/settings.js';
import { Workspace } from '../harness/workspace.js';
import { metricOf } from '../../fault/overload/gauges.js';
import { asksOf } from './asks.js';
import { Crowd } from './crowd.js';
import { countOf, othersThan } from './tally.js';

/** Callers for each place of the gateway. */
const LOADS = [0.25, 0.5, 1, 2, 10];
const MAX_IN_FLIGHT = 128;

interface Goodput {
  readonly load: number;
  readonly patient: boolean;
  readonly answeredPerSecond: number;
  readonly refusedPerSecond: number;
  /** Exchanges in the gateway, of its places: fewer than at the peak says that places stand empty, as many that each is dearer. */
  readonly inFlight: number;
  /** CPU milliseconds of the gateway, and of this process, which is the crowd, for each answer. */
  readonly gatewayMs: number;
  readonly crowdMs: number;
}

const LEAST_SHARE = 0.9;
const LOOK_MS = 250;

/**
 * What is still answered when more is asked than the gateway takes: closed loops of a quarter to ten times its in-flight
 * limit. Callers wait as long as `Retry-After` says; a last run has ten times the limit of callers that never wait.
 */
export function overloadBenchmark(settings: BenchSettings): Promise<object> {
  return Workspace.use(async (workspace) => {
    const env = { gateway: { KEREGE_GATEWAY_MAX_IN_FLIGHT: String(MAX_IN_FLIGHT) } };
    const instance = await startInstance({ dataDir: join(workspace.directory, 'instance'), env });
    workspace.onEnd(() => instance.stop());
    say(await describeMachine(settings, instance.databaseUrl));
    say(`overload: instant agencies, gateway with KEREGE_GATEWAY_MAX_IN_FLIGHT=${MAX_IN_FLIGHT}; all on this machine`);
    const loads = settings.loads ?? LOADS;
    const found: Goodput[] = [];
    for (const load of loads) found.push(tell(found, await measure(instance, load, true, settings)));
    found.push(tell(found, await measure(instance, Math.max(...loads), false, settings)));
    return { maxInFlight: MAX_IN_FLIGHT, goal: judged(found), found };
  });
}

/** Ten times the callers, or the most that were asked for, beside the best of all loads. */
function judged(found: readonly Goodput[]): { readonly share: number; readonly isMet: boolean } {
  const patient = found.filter((one) => one.patient);
  const peak = Math.max(...patient.map(({ answeredPerSecond }) => answeredPerSecond));
  const most = patient.toSorted((a, b) => b.load - a.load)[0];
  const share = round((most?.answeredPerSecond ?? 0) / peak, 2);
  const isMet = share >= LEAST_SHARE;
  say(`goal at ${most?.load}×: ${share} of the peak, at least ${LEAST_SHARE} asked: ${isMet ? 'met' : 'NOT met'}`);
  return { share, isMet };
}

function tell(earlier: readonly Goodput[], now: Goodput): Goodput {
  const { load, patient, answeredPerSecond, refusedPerSecond, inFlight, gatewayMs, crowdMs } = now;
  const peak = Math.max(...[...earlier, now].map((one) => one.answeredPerSecond));
  const share = `${Math.round((answeredPerSecond / peak) * 100)} % of the best so far`;
  say(
    `  ${`${load}×${patient ? '' : ', impatient'}`.padEnd(16)} ${String(answeredPerSecond).padStart(6)}/s answered, ${share};` +
      ` ${refusedPerSecond}/s refused; ${inFlight} in flight; CPU ms an answer: gateway ${gatewayMs}, crowd ${crowdMs}`,
  );
  return now;
}

async function measure(
  instance: Instance,
  load: number,
  patient: boolean,
  { seconds, warmUpSeconds }: BenchSettings,
): Promise<Goodput> {
  const { gatewayUrl } = instance;
  const asks = asksOf(Math.max(1, Math.round(MAX_IN_FLIGHT * load)));
  const crowd = await Crowd.of(gatewayUrl, asks, { isPatient: patient });
  try {
    await delay(warmUpSeconds * 1_000);
    crowd.look();
    const from = performance.now();
    const gatewayPid = instance.pid('gateway') ?? 0;
    const cpu = { gateway: ownCpuTimeMs(gatewayPid), crowd: process.cpuUsage() };
    const inFlight: number[] = [];
    while (performance.now() - from < seconds * 1_000) {
      await delay(Math.min(LOOK_MS, seconds * 1_000));
      inFlight.push(await metricOf(gatewayUrl, 'kerege_gateway_in_flight_exchanges'));
    }
    const tookS = (performance.now() - from) / 1_000;
    const gatewayMs = (ownCpuTimeMs(gatewayPid) ?? Number.NaN) - (cpu.gateway ?? 0);
    const ours = process.cpuUsage(cpu.crowd);
    const seen = [...crowd.look().values()];
    const others = othersThan(seen, '200', '503');
    if (others.length > 0)
      throw loadErrors.error('bench-wrong-answer', { extensions: { problems: [`answers ${others.join(', ')}`] } });
    const answered = Math.max(1, countOf(seen, '200'));
    return {
      load,
      patient,
      inFlight: round(inFlight.reduce((sum, value) => sum + value, 0) / inFlight.length, 0),
      gatewayMs: round(gatewayMs / answered, 2),
      crowdMs: round((ours.user + ours.system) / 1_000 / answered, 2),
      answeredPerSecond: round(countOf(seen, '200') / tookS, 0),
      refusedPerSecond: round(countOf(seen, '503') / tookS, 0),
    };
  } finally {
    await crowd.disperse();
  }
}
