import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CASE_KINDS, deliveryRecord, sealDelivery } from '#deliveries';
import { newExchangeId, type SubsystemId } from '#kernel';
import { openDatabase, type Database } from '#postgres';
import { keyFileName, publicJwk, startSession, type PrivateJwk } from '#signing';
import { eventually } from '#testing';
import type { Instance } from '../../../apps/sandbox/src/instance/instance.js';
import { startInstance } from '../../../apps/sandbox/src/instance/instance.module.js';
import { DisputeStore, type DeliveredFlag } from '../../../apps/connector/src/disputes/dispute.store.js';
import { connectorMigrations } from '../../../apps/connector/src/migrations/index.js';
import { caller } from '../exchange/exchange-benchmark.js';
import { describeMachine } from '../harness/machine.js';
import { closedLoop, round, type Figures } from '../harness/measure.js';
import { Runs, say } from '../harness/report.js';
import type { BenchSettings } from '../harness/settings.js';
import { Workspace } from '../harness/workspace.js';

const LOADS = [64];
const WARM_UP_CONCURRENCY = 64;
const RAMP_SECONDS = 1;
const OWNER = 'DEMO/GOV/1001/population' as SubsystemId;
const ELEMENT = 'person.birth-date';
const OTHERS = 1_000;
/** About whom `caller` asks. */
const ASKED = 50;
const NOTICED_MS = 60_000;

export interface DisputesCost {
  readonly withFlags: Figures;
  readonly withoutFlags: Figures;
  /** Throughput with flags by that of the round beside it without any: the median of the rounds. */
  readonly ratio: number;
  readonly ratios: readonly number[];
}

/** Flags on the datum that each exchange shows, and of how many the connector has to know. */
interface Disputed {
  readonly name: string;
  readonly codes: readonly string[];
}

/**
 * What disputes cost an exchange whose answer shows the disputed datum: rounds without any flag and rounds with them in
 * turns, over the same processes. A thousand others dispute it, as any day; then everyone does who is asked about, so that
 * each answer is parsed and marked, which no day is. It is the ratio of neighbouring rounds that is told, because a machine
 * is not as fast in one minute as in the next. Goal of the first: 0.98.
 */
export function disputesBenchmark(settings: BenchSettings): Promise<object> {
  return Workspace.use(async (workspace) => {
    const instance = await startInstance({ dataDir: join(workspace.directory, 'instance') });
    workspace.onEnd(() => instance.stop());
    const database = await openDatabase({
      ...{ url: instance.databaseUrl, schema: 'connector', migrations: connectorMigrations, poolSize: 2 },
    });
    workspace.onEnd(() => database.close());
    const flags = await FlagSwitch.of(instance, database);
    const call = caller(workspace, instance.gatewayUrl);
    say(await describeMachine(settings, instance.databaseUrl));
    say(
      'disputes: exchanges that show a datum, with dispute flags on it and without in turns; everything on this machine',
    );
    const { warmUpSeconds: seconds } = settings;
    await closedLoop({ concurrency: WARM_UP_CONCURRENCY, seconds, warmUpSeconds: 0, call });
    const kinds: readonly Disputed[] = [
      { name: "others' flags", codes: codes(100_001, OTHERS) },
      { name: 'own flags', codes: codes(1, ASKED) },
    ];
    const outcome: Record<string, Record<string, DisputesCost>> = {};
    for (const load of settings.loads ?? LOADS) {
      const costs: Record<string, DisputesCost> = {};
      for (const kind of kinds) costs[kind.name] = await compare(load, settings, { kind, flags, call });
      outcome[load] = costs;
    }
    return { benchmark: 'disputes', ...outcome };
  });
}

function codes(from: number, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `TEST${String(from + at).padStart(6, '0')}`);
}

interface Contest {
  readonly kind: Disputed;
  readonly flags: FlagSwitch;
  readonly call: () => Promise<void>;
}

async function compare(
  concurrency: number,
  { runs, seconds }: BenchSettings,
  { kind, flags, call }: Contest,
): Promise<DisputesCost> {
  const withRuns = new Runs(`${kind.name}, ${concurrency} concurrent`);
  const withoutRuns = new Runs(`no flags, ${concurrency} concurrent`);
  const measured = async (isOn: boolean) => {
    await flags.turn(kind.codes, isOn);
    return closedLoop({ concurrency, seconds, warmUpSeconds: RAMP_SECONDS, call });
  };
  const ratios: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    // Who is first changes, so that a machine that becomes slower favours neither.
    const isFirst = run % 2 === 0;
    const first = await measured(isFirst);
    const second = await measured(!isFirst);
    const [disputed, undisputed] = isFirst ? [first, second] : [second, first];
    withRuns.add(disputed);
    withoutRuns.add(undisputed);
    ratios.push(round(disputed.rps / Math.max(1, undisputed.rps), 3));
  }
  await flags.turn(kind.codes, false);
  const ratio = ratios.toSorted((one, other) => one - other)[ratios.length >> 1] ?? 0;
  const figures = { withFlags: withRuns.close(), withoutFlags: withoutRuns.close() };
  say(`  ${kind.name}: ratio ${ratio} (rounds: ${ratios.join(', ')})`);
  return { ...figures, ratio, ratios };
}

/** Sets flags as they stand when feedback has delivered them, and waits until the answering connector holds them. */
class FlagSwitch {
  private readonly store = new DisputeStore();
  private atMs = Date.now();

  private constructor(
    private readonly database: Database,
    private readonly statusUrl: string,
    private readonly seal: (flag: string, code: string, at: Date, isOn: boolean) => DeliveredFlag,
  ) {}

  static async of({ keysDir, ports }: Instance, database: Database): Promise<FlagSwitch> {
    const file = await readFile(join(keysDir, keyFileName(OWNER)), 'utf8');
    const { keys } = JSON.parse(file) as { readonly keys: readonly PrivateJwk[] };
    const key = keys.find(({ use }) => use === 'enc') as PrivateJwk;
    const session = await startSession({ recipient: OWNER, kid: key.kid, publicJwk: publicJwk(key) });
    const seal = (flag: string, code: string, at: Date, isOn: boolean): DeliveredFlag => {
      const head = { id: newExchangeId(), kind: CASE_KINDS.dispute, to: OWNER };
      const [since, subject, option] = [at.toISOString(), `DEMO/PIN/${code}`, 'FLAG'];
      const content = { flag, subject, element: ELEMENT, isOn, option, exemptPurposes: [], since, at: since };
      const value = sealDelivery(head, content, session);
      const record = deliveryRecord({ ...head, recipient: OWNER, value, madeMs: at.getTime(), attempt: 1 });
      return { subsystem: OWNER, flag, atMs: at.getTime(), isOn, value: record };
    };
    return new FlagSwitch(database, `http://127.0.0.1:${ports.cn1}/status`, seal);
  }

  async turn(disputed: readonly string[], isOn: boolean): Promise<void> {
    // The newest word on a flag holds.
    this.atMs = Math.max(Date.now(), this.atMs + 1);
    const flags = disputed.map((code) => this.seal(`bench-${code}`, code, new Date(this.atMs), isOn));
    await this.database.transaction((queries) => this.store.take(queries, flags));
    const wanted = isOn ? disputed.length : 0;
    await eventually(async () => (await this.held()) === wanted, { timeoutMs: NOTICED_MS, intervalMs: 200 });
  }

  private async held(): Promise<number | undefined> {
    const answer = await fetch(this.statusUrl, { signal: AbortSignal.timeout(5_000) });
    const { parts } = (await answer.json()) as {
      readonly parts: readonly { readonly part: string; readonly details?: { readonly flags?: number } }[];
    };
    return parts.find(({ part }) => part === 'disputes')?.details?.flags;
  }
}
