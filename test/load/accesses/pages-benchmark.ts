import { join } from 'node:path';
import { importJWK, SignJWT } from 'jose';
import { Pool } from 'undici';
import { makeReaderToken } from '#reader-auth';
import { ensureDatabase } from '#local';
import { loadKeySet } from '#platform';
import { keyFileName, KeyRing, type PrivateJwk } from '#signing';
import { openDatabase, type Database } from '#postgres';
import { eventually } from '#testing';
import { PersonKeys } from '../../../apps/feedback/src/key-store/person-keys.store.js';
import { IDENTITY_PROVIDER_KEY, KEYS_DATABASE, KEYS_SCHEMA } from '../../../apps/sandbox/src/instance/layout.js';
import type { Instance } from '../../../apps/sandbox/src/instance/instance.js';
import { startInstance } from '../../../apps/sandbox/src/instance/instance.module.js';
import { readKey } from '../../../apps/sandbox/src/keys/key-files.store.js';
import { cpuTimeMs } from '../harness/cpu-time.js';
import { loadErrors } from '../harness/load.errors.js';
import { describeMachine } from '../harness/machine.js';
import { closedLoop, round, type Figures } from '../harness/measure.js';
import { Runs, say } from '../harness/report.js';
import type { BenchSettings } from '../harness/settings.js';
import type { Workspace } from '../harness/workspace.js';
import { layRows, type Laid } from './lay-rows.js';

const PORTAL = 'DEMO/GOV/1000/mygov';
const PERSONS = '/r1/DEMO/GOV/1001/population/persons';
const FEEDBACK = 'DEMO/feedback1';
/** Whose pages are asked for with proofs, each with more accesses than a page shows. */
const PROVEN = Array.from({ length: 20 }, (_, at) => `TEST${String(at + 1).padStart(6, '0')}`);
const ACCESSES_EACH = 60;
const LIMIT = 50;
const CALLERS = 2;
const CALLS_AT_ONCE = 16;
const TOKEN_S = 300;
const LAYING_TIMEOUT_MS = 1_200_000;

/** Milliseconds of CPU for one page: they stay what they are when others use the machine too. */
export interface PageCost extends Figures {
  readonly feedbackCpu: number | undefined;
  readonly postgresCpu: number | undefined;
  readonly auditCpu: number | undefined;
}

export interface PageFigures {
  readonly rows: number;
  readonly citizens: number;
  readonly withoutProofs: PageCost;
  readonly withProofs: PageCost;
}

/**
 * What is read without proofs are rows that were laid (`lay-rows.ts`), of a thousand citizens among all, in no order that a
 * cache could use; what is read with proofs are real exchanges of twenty citizens, in a log of a few thousand leaves, among
 * the laid rows of the others. The log at ten million leaves is the matter of `proofs`.
 */
export async function measurePages(workspace: Workspace, settings: BenchSettings): Promise<PageFigures> {
  const instance = await startInstance({ dataDir: join(workspace.directory, 'instance') });
  try {
    say(await describeMachine(settings, instance.databaseUrl));
    await makeAccesses(instance);
    const laid = await layBeside(instance, settings.rows);
    say(
      `accesses: pages of ${LIMIT}, ${CALLERS} readers, everything on this machine; without proofs of laid rows, with`,
    );
    say(`  proofs of ${PROVEN.length * ACCESSES_EACH} exchanges made now, in a log of no more`);
    const read = laid.read.map(({ code }) => code);
    const withoutProofs = await measure(instance, settings, read, false);
    const withProofs = await measure(instance, settings, PROVEN, true);
    return { rows: settings.rows, citizens: laid.citizens, withoutProofs, withProofs };
  } finally {
    await instance.stop();
  }
}

async function layBeside({ databaseUrl, keysDir }: Instance, rows: number): Promise<Laid> {
  const options = { migrations: [], poolSize: 4, statementTimeoutMs: LAYING_TIMEOUT_MS };
  const keysUrl = await ensureDatabase(databaseUrl, KEYS_DATABASE);
  const database = await openDatabase({ ...options, url: databaseUrl, schema: 'feedback' });
  const keysDatabase = await openDatabase({ ...options, url: keysUrl, schema: KEYS_SCHEMA });
  try {
    await allShown(database);
    const ring = KeyRing.parse([[FEEDBACK, await loadKeySet(join(keysDir, keyFileName(FEEDBACK)))]]);
    return await layRows({ database, keysDatabase, keys: new PersonKeys(keysDatabase, ring.secret(FEEDBACK)) }, rows);
  } finally {
    await database.close();
    await keysDatabase.close();
  }
}

/** Real exchanges, so that what is shown is proven; in turns, so that nobody's rows lie together. */
async function makeAccesses(instance: Instance): Promise<void> {
  const pool = new Pool(instance.gatewayUrl, { connections: CALLS_AT_ONCE });
  const paths = Array.from({ length: ACCESSES_EACH }, () => PROVEN.map((code) => `${PERSONS}/${code}`)).flat();
  const headers = { 'x-road-client': PORTAL, 'kerege-purpose': 'citizen-view' };
  const caller = async (): Promise<void> => {
    for (let path = paths.pop(); path !== undefined; path = paths.pop()) {
      const { statusCode, body } = await pool.request({ method: 'GET', path, headers });
      await body.dump();
      if (statusCode !== 200) throw loadErrors.error('bench-wrong-answer', { details: { path, statusCode } });
    }
  };
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, caller));
  await pool.close();
}

async function allShown(database: Database): Promise<void> {
  const wanted = PROVEN.length * ACCESSES_EACH;
  await eventually(
    async () => {
      const [row] = await database.query<{ n: string }>('SELECT count(*) AS n FROM subject_access');
      return Number(row?.n) >= wanted;
    },
    { timeoutMs: 60_000 },
  );
}

async function measure(
  instance: Instance,
  settings: BenchSettings,
  asked: readonly string[],
  proofs: boolean,
): Promise<PageCost> {
  const pool = new Pool(instance.feedbackUrl, { connections: CALLERS });
  const runs = new Runs(proofs ? 'with proofs' : 'without proofs');
  const parts = ['feedback', 'postgres', 'audit'] as const;
  const cpu = () => parts.map((part) => cpuTimeMs(instance.pid(part) ?? 0));
  let pages = 0;
  const before = cpu();
  try {
    for (let run = 0; run < settings.runs; run += 1) {
      const ask = await asker(instance, pool, asked, proofs);
      const call = async () => {
        await ask();
        pages += 1;
      };
      const { seconds, warmUpSeconds } = settings;
      runs.add(await closedLoop({ concurrency: CALLERS, seconds, warmUpSeconds, call }));
    }
  } finally {
    await pool.destroy();
  }
  const [feedbackCpu, postgresCpu, auditCpu] = cpu().map((after, at) => {
    const first = before[at];
    return after === undefined || first === undefined ? undefined : round((after - first) / Math.max(1, pages), 2);
  });
  say(`  CPU ms a page: feedback ${feedbackCpu ?? '?'}, PostgreSQL ${postgresCpu ?? '?'}, audit ${auditCpu ?? '?'}`);
  return { ...runs.close(), feedbackCpu, postgresCpu, auditCpu };
}

/** Asks for the newest page of one person after another. The portal's token is good once, so each call makes one. */
async function asker(
  instance: Instance,
  pool: Pool,
  asked: readonly string[],
  proofs: boolean,
): Promise<() => Promise<void>> {
  const key = await keyOf(instance, PORTAL);
  const assertions = await Promise.all(asked.map((code) => assertion(instance, code)));
  const path = `/v1/subjects/me/accesses?limit=${LIMIT}${proofs ? '&proofs=true' : ''}`;
  let next = 0;
  return async () => {
    const endUser = assertions[(next += 1) % assertions.length] ?? '';
    const audience = instance.feedbackUrl;
    const token = await makeReaderToken({ subsystem: PORTAL, audience, key, nowMs: Date.now() });
    const headers = { authorization: `Bearer ${token}`, 'kerege-end-user': endUser };
    const { statusCode, body } = await pool.request({ method: 'GET', path, headers });
    const page = (await body.json()) as { accesses?: { evidence?: object }[] };
    const shown = page.accesses?.filter(({ evidence }) => !proofs || evidence !== undefined).length;
    if (statusCode !== 200 || shown !== LIMIT)
      throw loadErrors.error('bench-wrong-answer', { details: { statusCode, shown: shown ?? 0 } });
  };
}

/** As the sandbox's identity provider makes them, with its key. */
async function assertion(instance: Instance, code: string): Promise<string> {
  const { kty, crv, x, d, kid } = await keyOf(instance, IDENTITY_PROVIDER_KEY);
  return new SignJWT({ kind: 'citizen', acr: 'high' })
    .setProtectedHeader({ alg: 'EdDSA', kid, typ: 'at+jwt' })
    .setIssuer(instance.issuerUrl)
    .setSubject(code)
    .setAudience(PORTAL)
    .setIssuedAt()
    .setExpirationTime(`${TOKEN_S}s`)
    .setJti(crypto.randomUUID())
    .sign(await importJWK({ kty, crv, x, d }, 'EdDSA'));
}

async function keyOf({ keysDir }: Instance, id: string): Promise<PrivateJwk> {
  const key = await readKey(join(keysDir, keyFileName(id)));
  if (key === undefined) throw loadErrors.error('bench-tool-failed', { details: { key: id } });
  return key;
}
