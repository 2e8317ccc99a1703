import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { connectKafkaBus, type Bus, type OutgoingRecord } from '#bus';
import { fixedTopics } from '#contracts';
import { newExchangeId, systemClock, type InstanceId } from '#kernel';
import { freePort, startPostgres } from '#local';
import { openingRecord, OpeningSessions, sealOpening } from '#openings';
import { openDatabase, type Database } from '#postgres';
import { commit, generateSealingKey, publicJwk, startSession } from '#signing';
import { keyMigrations } from '../../../apps/feedback/src/key-store/migrations/index.js';
import { ConcealmentClaims } from '../../../apps/feedback/src/concealment/claims.service.js';
import { DoomedKeys } from '../../../apps/feedback/src/key-store/doomed-keys.store.js';
import { ErasureMarks } from '../../../apps/feedback/src/key-store/erasure-marks.store.js';
import { PersonKeys } from '../../../apps/feedback/src/key-store/person-keys.store.js';
import { FollowedLogStore } from '../../../apps/feedback/src/log-follower/followed-log.store.js';
import type { CommitmentRow } from '../../../apps/feedback/src/log-follower/leaf-row.js';
import { migrations } from '../../../apps/feedback/src/migrations/index.js';
import { ErasedOpenings } from '../../../apps/feedback/src/openings/erased-openings.service.js';
import { InboxStore } from '../../../apps/feedback/src/openings/inbox.store.js';
import { OpeningMatch } from '../../../apps/feedback/src/openings/opening-match.service.js';
import { MatchWorker } from '../../../apps/feedback/src/openings/opening-match.worker.js';
import { OpeningConsumer } from '../../../apps/feedback/src/openings/opening.consumer.js';
import { loadErrors } from '../harness/load.errors.js';
import { round } from '../harness/measure.js';
import { say } from '../harness/report.js';
import type { BenchSettings } from '../harness/settings.js';
import type { Workspace } from '../harness/workspace.js';

const INSTANCE = 'DEMO/feedback1' as InstanceId;
/** Each end opens each statement. */
const ENDS = 2;
const STATEMENTS = 30_000;
const STATEMENTS_WHEN_QUICK = 1_000;
const CITIZENS = 100_000;
const LEAVES_PER_BATCH = 2_000;
/** Ends, and so sealing sessions, of a small country. */
const SESSIONS = 20;

export interface IngestFigures {
  readonly openingsPerSecond: number;
  readonly rowsPerSecond: number;
  readonly spreadPercent: number;
}

/** From the topic to the index: a backlog of openings whose leaves are there, taken by one process with its defaults. */
export async function measureIngest(workspace: Workspace, settings: BenchSettings): Promise<IngestFigures> {
  const postgres = await startPostgres({
    dataDir: join(workspace.directory, 'ingest-postgres'),
    port: await freePort(),
    password: 'bench',
    logFile: join(workspace.directory, 'ingest-postgres.log'),
  });
  workspace.onEnd(() => postgres.stop());
  const bus = await connectKafkaBus({ brokers: (await workspace.kafka()).split(','), clientId: 'bench' });
  workspace.onEnd(() => bus.close());
  await bus.ensureTopics([fixedTopics.opening, fixedTopics.deadFeedback]);
  const statements = settings.isQuick ? STATEMENTS_WHEN_QUICK : STATEMENTS;
  say(`ingest: ${statements * ENDS} openings of ${statements} statements, topic → inbox → index, one process`);
  const feedback = await openDatabase({ url: postgres.url, schema: 'feedback', migrations, poolSize: 8 });
  const keys = await openDatabase({
    url: postgres.url,
    schema: 'feedback_keys',
    migrations: keyMigrations,
    poolSize: 4,
  });
  try {
    const rates: number[] = [];
    for (let run = 0; run < settings.runs; run += 1) {
      const rate = await oneRun(bus, { feedback, keys }, statements, run);
      say(`  run ${run + 1}  ${Math.round(rate)} openings/s`);
      rates.push(rate);
    }
    const median = rates.toSorted((a, b) => a - b)[rates.length >> 1] ?? 0;
    const spreadPercent = round(((Math.max(...rates) - Math.min(...rates)) / median) * 100, 1);
    say(`  median ${Math.round(median)} openings/s   spread ${spreadPercent} %`);
    return { openingsPerSecond: round(median, 0), rowsPerSecond: round(median / ENDS, 0), spreadPercent };
  } finally {
    await feedback.close();
    await keys.close();
  }
}

interface Databases {
  readonly feedback: Database;
  readonly keys: Database;
}

async function oneRun(bus: Bus, { feedback, keys }: Databases, statements: number, run: number): Promise<number> {
  const sealing = generateSealingKey();
  const { commitments, records } = await made(statements, sealing);
  await layLeaves(feedback, commitments, run);
  for (let at = 0; at < records.length; at += LEAVES_PER_BATCH)
    await bus.publish(records.slice(at, at + LEAVES_PER_BATCH));
  const inbox = new InboxStore(feedback);
  const sessions = new OpeningSessions(INSTANCE, () => sealing);
  const personKeys = new PersonKeys(keys, KEK);
  const match = new OpeningMatch({
    ...{ database: feedback, inbox, keys: personKeys, bus, sessions },
    people: () => () => 'citizen',
    erased: new ErasedOpenings(new DoomedKeys(keys), new ErasureMarks(keys)),
    isCaughtUp: () => true,
    claims: new ConcealmentClaims(() => ({ authorities: [], operator: undefined, maxMs: 0 })),
  });
  let [openings, rows] = [0, 0];
  const failures: unknown[] = [];
  const failed = (cause: unknown) => void failures.push(cause);
  const flawed = () => failed(loadErrors.error('bench-wrong-answer', { details: { what: 'a flawed opening' } }));
  const all = Promise.withResolvers<undefined>();
  const matcher = new MatchWorker({
    ...{ match, clock: systemClock, keepMs: 3_600_000, failed, flawed },
    matched: (matched) => {
      openings += matched.openings;
      rows += matched.rows;
      if (openings >= records.length || failures.length > 0) all.resolve(undefined);
    },
  });
  const consumer = new OpeningConsumer({
    ...{ bus, inbox, clock: systemClock, processId: randomUUID(), maxWaiting: 1_000_000, failed, flawed },
    letGo: () => Promise.resolve(0),
    topicBroken: failed,
    arrived: () => matcher.wake(),
  });
  const startedAt = performance.now();
  consumer.start();
  await all.promise;
  const seconds = (performance.now() - startedAt) / 1_000;
  await consumer.stop();
  await matcher.stop();
  if (failures.length > 0) throw loadErrors.error('bench-tool-failed', { cause: failures[0] });
  if (rows !== statements) throw loadErrors.error('bench-wrong-answer', { details: { rows, statements } });
  return records.length / seconds;
}

const KEK = randomBytes(32);

/** Commitments to citizens drawn at random, and what opens them, twice, sealed. */
async function made(statements: number, sealing: ReturnType<typeof generateSealingKey>) {
  const target = { recipient: INSTANCE, kid: sealing.kid, publicJwk: publicJwk(sealing) };
  const sessions = await Promise.all(Array.from({ length: SESSIONS }, () => startSession(target)));
  const commitments: CommitmentRow[] = [];
  const records: OutgoingRecord[] = [];
  for (let index = 0; index < statements; index += 1) {
    const code = `TEST${String(Math.floor(Math.random() * CITIZENS)).padStart(6, '0')}`;
    const { commitment, opening } = commit('subject', { country: 'DEMO', type: 'PIN', code });
    const [exchangeId, statement] = [newExchangeId(), randomBytes(32)];
    const place = { index, kind: 'subject', position: 0, value: commitment } as const;
    const said = { exchangeId, consumer: 'DEMO/GOV/1000/mygov', tsMs: Date.now() };
    commitments.push({ ...place, ...said, statement, exchange: statement });
    for (let end = 0; end < ENDS; end += 1) {
      const session = sessions[(index * ENDS + end) % SESSIONS];
      if (session === undefined) continue;
      const openings = { exchangeId, statementHash: statement, subjects: [opening], users: [] };
      records.push(openingRecord(exchangeId, sealOpening(openings, session)));
    }
  }
  return { commitments, records };
}

/** As the follower does, without the log: what is measured is what comes after. */
async function layLeaves(database: Database, commitments: readonly CommitmentRow[], run: number): Promise<void> {
  const logs = new FollowedLogStore(database, 3_600_000);
  const position = await logs.position(`bench-${run}`);
  let { frontier } = position;
  for (let at = 0; at < commitments.length; at += LEAVES_PER_BATCH) {
    const own = commitments.slice(at, at + LEAVES_PER_BATCH);
    const next = frontier.extend(own.map(({ statement }) => statement));
    const rows = { exchanges: [], sequels: [], commitments: own, stated: [] };
    await logs.take({ ...position, frontier }, next, rows, Date.now());
    frontier = next;
  }
}
