import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { exchangeIdBytes, newExchangeId } from '#kernel';
import { freePort, startPostgres } from '#local';
import { keyFileName, loadKeySet, loadTrust } from '#platform';
import { openDatabase, type Database } from '#postgres';
import { KeyRing } from '#signing';
import { leafHash, parseVkey, type NoteKey } from '#tlog';
import { LogReaderStore } from '../../../apps/audit/src/log-reader.store.js';
import { migrations } from '../../../apps/audit/src/migrations/index.js';
import { noteCheck, type AnchorCheck } from '../../../apps/audit/src/scrub/anchor-check.js';
import { Scrub } from '../../../apps/audit/src/scrub/scrub.service.js';
import { ScrubStore } from '../../../apps/audit/src/scrub/scrub.store.js';
import { SnapshotThread } from '../../../apps/audit/src/snapshots/snapshot-thread.service.js';
import { LogStore, type NewLeaf } from '../../../apps/audit/src/sequencer/log.store.js';
import { startInstance } from '../../../apps/sandbox/src/instance/instance.module.js';
import { loadErrors } from '../harness/load.errors.js';
import { describeMachine } from '../harness/machine.js';
import { round } from '../harness/measure.js';
import { say } from '../harness/report.js';
import type { BenchSettings } from '../harness/settings.js';
import { Workspace } from '../harness/workspace.js';
import { layLeaves } from '../sequencer/lay-leaves.js';
import { CONSUMER } from '../sequencer/stamps.js';

const LEAVES = 200_000;
const LEAVES_WHEN_QUICK = 5_000;
const LARGE = 1_000_000;
/** A busy log publishes a note a second; this is one with ten leaves a second. */
const LEAVES_PER_NOTE = 10;
/** The share that an installation has if nobody sets another. */
const SMALL_SHARE = 5;
const LOG_ID = 1;

interface Place {
  readonly databaseUrl: string;
  readonly keysDir: string;
  readonly key: NoteKey;
}

/**
 * Whole passes of the background self-check over a log of statements with a published note for every ten, and over its
 * leaves and tiles alone: leaves per second with a core of its own, what share of a core it takes, and that it keeps to a
 * small share when it is told to. Nothing else runs; where something does, leaves per second of our CPU time still compare.
 */
export function scrubBenchmark(settings: BenchSettings): Promise<object> {
  return Workspace.use(async (workspace) => {
    const place = await laidLog(workspace, settings);
    const database = await openDatabase({ url: place.databaseUrl, schema: 'audit', migrations, poolSize: 2 });
    try {
      const anchors = [noteCheck(place.key)];
      const runs: PassFigures[] = [];
      const alone: PassFigures[] = [];
      // By turns, so that what else the machine does is shared by both.
      for (let run = 0; run < settings.runs; run += 1) {
        runs.push(await told(`pass ${run + 1}`, onePass(database, { ...place, anchors, percent: 100 })));
        alone.push(await told('  without notes', onePass(database, { ...place, anchors: [], percent: 100 })));
      }
      const share = { ...place, anchors, percent: SMALL_SHARE, seconds: settings.seconds };
      const small = await told(`share ${SMALL_SHARE} %`, onePass(database, share));
      return {
        leaves: runs[0]?.leaves,
        median: medianOf(runs),
        runs,
        withoutNotes: { median: medianOf(alone), runs: alone },
        share: { percent: SMALL_SHARE, ...small },
      };
    } finally {
      await database.close();
      await snapshots.close();
    }
  });
}

interface PassFigures {
  readonly leaves: number;
  readonly leavesPerSecond: number;
  readonly corePercent: number;
  /** Of the CPU time of this process. */
  readonly leavesPerCpuSecond: number;
}

interface PassSettings {
  readonly key: NoteKey;
  readonly anchors: readonly AnchorCheck[];
  readonly percent: number;
  /** The pass is given up then. */
  readonly seconds?: number;
}

async function told(name: string, pass: Promise<PassFigures>): Promise<PassFigures> {
  const figures = await pass;
  const { leavesPerSecond, corePercent, leavesPerCpuSecond } = figures;
  say(
    `  ${name}  ${leavesPerSecond} leaves/s, ${corePercent} % of a core in this process, ${leavesPerCpuSecond} per CPU-s`,
  );
  return figures;
}

function medianOf(runs: readonly PassFigures[]): number | undefined {
  const sorted = runs.map(({ leavesPerSecond }) => leavesPerSecond).sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

/** Started once, as in a process that scrubs again and again. */
const snapshots = new SnapshotThread();

/** One pass, or as much of one as `seconds` allow. */
async function onePass(database: Database, { key, anchors, percent, seconds }: PassSettings): Promise<PassFigures> {
  const giveUp = seconds === undefined ? new AbortController().signal : AbortSignal.timeout(seconds * 1_000);
  const scrub = new Scrub({
    logId: LOG_ID,
    store: new ScrubStore(database, LOG_ID),
    log: new LogStore(database, LOG_ID),
    reader: new LogReaderStore(database),
    key,
    anchors,
    snapshots,
    percent,
    found: ({ problem, place }) => {
      throw loadErrors.error('bench-tool-failed', { details: { reason: 'a finding in a sound log', problem, place } });
    },
  });
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  const { leaves } = await scrub.pass(giveUp);
  const spentMs = performance.now() - startedMs;
  const { user, system } = process.cpuUsage(cpu);
  return {
    leaves,
    leavesPerSecond: Math.round((leaves / spentMs) * 1_000),
    corePercent: round((user + system) / 10 / spentMs, 1),
    leavesPerCpuSecond: Math.round((leaves / (user + system)) * 1_000_000),
  };
}

/** An instance makes the log, its registry's snapshot and the first manifest; then it is stopped, and leaves are laid. */
async function laidLog(workspace: Workspace, settings: BenchSettings): Promise<Place> {
  const postgres = await startPostgres({
    dataDir: join(workspace.directory, 'postgres'),
    port: await freePort(),
    password: 'bench',
    logFile: join(workspace.directory, 'postgres.log'),
  });
  workspace.onEnd(() => postgres.stop());
  say(await describeMachine(settings, postgres.url));
  const instance = await startInstance({
    dataDir: join(workspace.directory, 'instance'),
    databaseUrl: postgres.url,
    kafkaBrokers: (await workspace.kafka()).split(','),
  });
  const { keysDir, trustFile } = instance;
  await instance.stop();
  const size = settings.isQuick ? LEAVES_WHEN_QUICK : settings.isLarge ? LARGE : LEAVES;
  say(`scrub: every leaf, column, tile and note of ${size} statements against the signed head`);
  const { kid } = KeyRing.parse([[CONSUMER, await loadKeySet(join(keysDir, keyFileName(CONSUMER)))]]).signer(CONSUMER);
  const leafAt = (index: number) => statementLeaf(index, kid);
  await layLeaves({ databaseUrl: postgres.url, keysDir, size, leafAt, leavesPerNote: LEAVES_PER_NOTE });
  const key = parseVkey((await loadTrust(trustFile)).logs[0] ?? '');
  if (!key.ok) throw loadErrors.error('bench-tool-failed', { details: { reason: key.reason } });
  return { databaseUrl: postgres.url, keysDir, key: key.value };
}

/** A statement in all but its signature, which no scrub looks at. */
function statementLeaf(index: number, kid: string): NewLeaf {
  const id = newExchangeId();
  const salted = () => randomBytes(32).toString('base64url');
  const payload = {
    v: 1,
    t: 'exchange.requested',
    id,
    ts: Date.now(),
    from: CONSUMER,
    to: 'DEMO/GOV/1001/population',
    svc: 'DEMO/GOV/1001/population/persons',
    ep: 'GET /{pin}',
    pur: 'citizen-view',
    law: 'LB-PORTAL',
    req: `h1:${salted()}`,
    subj: [`c1:${salted()}`],
    snap: 1,
  };
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const header = part({ alg: 'EdDSA', kid, typ: 'kerege-statement+jwt' });
  const body = Buffer.from(`${header}.${part(payload)}.${randomBytes(64).toString('base64url')}`);
  const xid = Buffer.from(exchangeIdBytes(id));
  return {
    xid,
    slot: 'c0',
    signer: CONSUMER,
    leafHash: leafHash(body),
    index,
    body,
    offset: BigInt(1_000_000 + index),
  };
}
