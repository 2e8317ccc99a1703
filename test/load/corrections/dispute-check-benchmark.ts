import { CASE_KINDS, deliveryRecord, sealDelivery } from '#deliveries';
import { newExchangeId, systemClock, type ServiceId } from '#kernel';
import { openDatabase } from '#postgres';
import { KeyRing, publicJwk, startSession } from '#signing';
import type { World } from '#testing';
import { DisputeStore } from '../../../apps/connector/src/disputes/dispute.store.js';
import { Disputes } from '../../../apps/connector/src/disputes/disputes.service.js';
import { connectorMigrations } from '../../../apps/connector/src/migrations/index.js';
import { SERVICE } from '../../audit/audit-network.js';
import { ADDRESS, ENDPOINT, OWNER } from '../../feedback/filing.js';
import { loadErrors } from '../harness/load.errors.js';
import { round } from '../harness/measure.js';
import { say } from '../harness/report.js';
import type { BenchSettings } from '../harness/settings.js';
import type { Workspace } from '../harness/workspace.js';

/** Other persons' flags on the element. */
const FLAGS = 1_000;
const SIZES = { '1 KB': 1_000, '50 KB': 50_000, '500 KB': 500_000 } as const;
const SLICE_MS = 1_000;
const SLICE_MS_WHEN_QUICK = 50;
const DISPUTING = 'TEST000001';
const CONTENT = 'a line of an answer as long as most are, and nothing else';

/** Microseconds of one answer's check: the median of the runs, the least and the most. */
interface CheckCost {
  readonly us: number;
  readonly least: number;
  readonly most: number;
}

/**
 * What the look for disputes costs an answer in the connector, by the answer's size: nobody disputes anything, a thousand
 * others dispute this element, and the person themselves does. An exchange takes milliseconds, so that the difference
 * between two exchanges would drown in their own spread.
 */
export async function disputeCheckBenchmark(
  workspace: Workspace,
  databaseUrl: string,
  world: World,
  { runs, isQuick }: BenchSettings,
): Promise<Record<string, CheckCost>> {
  const database = await openDatabase({
    url: databaseUrl,
    schema: 'connector',
    migrations: connectorMigrations,
    poolSize: 2,
  });
  workspace.onEnd(() => database.close());
  const { sign, seal } = world.keysOf(OWNER);
  const failed = (_what: string, cause: unknown) => {
    throw cause;
  };
  const store = new DisputeStore();
  // Whoever brings flags and whoever misses them is not measured: what the table holds is all there is.
  const feed = {
    isCaughtUp: () => true,
    backlog: () => 0,
    silentSince: () => undefined,
    sizes: { waiting: 0, sinceMs: undefined },
  };
  const feedback = {
    ...{ isServed: false, heardMs: undefined, silentSince: () => undefined },
    ...{ owed: () => ({ waiting: 0, sinceMs: undefined }), behindSince: () => undefined },
  };
  const parts = {
    ...{ store, feed, feedback, database, subsystems: [OWNER], clock: systemClock, keepMs: 60_000, failed },
    ...{ keys: KeyRing.parse([[OWNER, JSON.stringify({ keys: [sign, seal] })]]) },
    ...{ registry: { current: () => world.view }, answered: () => undefined, unreadable: () => undefined },
  };
  const held = async () => {
    const disputes = new Disputes(parts);
    await disputes.start();
    await disputes.stop();
    return disputes;
  };
  const none = await held();
  const session = await startSession({ recipient: OWNER, kid: seal.kid, publicJwk: publicJwk(seal) });
  const flags = Array.from({ length: FLAGS }, (_, at) => {
    const [flag, atMs] = [`flag ${at}`, Date.now()];
    const [since, head] = [new Date(atMs).toISOString(), { id: newExchangeId(), kind: CASE_KINDS.dispute, to: OWNER }];
    const subject = `TEST/PIN/TEST${String(at + 1).padStart(6, '0')}`;
    const dispute = {
      flag,
      subject,
      element: ADDRESS,
      isOn: true,
      option: 'FLAG',
      exemptPurposes: [],
      since,
      at: since,
    };
    const value = sealDelivery(head, dispute, session);
    const record = deliveryRecord({ ...head, recipient: OWNER, value, madeMs: atMs, attempt: 1 });
    return { subsystem: OWNER, flag, atMs, isOn: true, value: record };
  });
  await database.transaction((queries) => store.take(queries, flags));
  const many = await held();
  const sliceMs = isQuick ? SLICE_MS_WHEN_QUICK : SLICE_MS;
  say(`corrections: the check of an answer for disputes, ${FLAGS} flags, in microseconds`);
  const costs: Record<string, CheckCost> = {};
  for (const [size, bytes] of Object.entries(SIZES))
    for (const [name, disputes, code] of [
      ['no flags', none, DISPUTING],
      ["others' flags", many, 'TEST999999'],
      ['own flag', many, DISPUTING],
    ] as const) {
      const answer = answerOf(world, code, bytes);
      const isMarked = name === 'own flag';
      const times: number[] = [];
      for (let run = 0; run <= runs; run += 1) times.push(await microseconds(disputes, answer, isMarked, sliceMs));
      // The first has warmed the code.
      const [, ...sorted] = [0, ...times.slice(1).sort((one, other) => one - other)];
      const [least = 0, us = 0, most = 0] = [sorted[0], sorted[sorted.length >> 1], sorted.at(-1)];
      costs[`${name}, ${size}`] = { us, least, most };
      say(`  ${`${name}, ${size}`.padEnd(24)} ${us} (${least} to ${most})`);
    }
  return costs;
}

type Answer = Parameters<Disputes['marks']>[0];

function answerOf({ view }: World, code: string, bytes: number): Answer {
  const rest = Array.from({ length: Math.ceil(bytes / (CONTENT.length + 3)) }, () => CONTENT);
  return {
    ...{ view, service: SERVICE as ServiceId, provider: OWNER, endpoint: ENDPOINT, purpose: 'view' },
    ...{ subjects: [{ country: 'TEST', type: 'PIN', code }], status: 200, headers: [] },
    body: Buffer.from(JSON.stringify({ address: 'x', rest })),
  };
}

async function microseconds(disputes: Disputes, answer: Answer, isMarked: boolean, sliceMs: number): Promise<number> {
  const fromMs = performance.now();
  let [count, spentMs] = [0, 0];
  for (; spentMs < sliceMs; count += 1) {
    const { headers } = await disputes.marks(answer);
    if (headers.length > 0 !== isMarked) throw loadErrors.error('bench-wrong-answer', { details: { isMarked } });
    spentMs = performance.now() - fromMs;
  }
  return round((spentMs * 1_000) / count, 2);
}
