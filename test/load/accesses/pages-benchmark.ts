import { join } from 'node:path';
import { importJWK, SignJWT } from 'jose';
import { Pool } from 'undici';
import { makeReaderToken } from '#reader-auth';
import { keyFileName, type PrivateJwk } from '#signing';
import { openDatabase, type Database } from '#postgres';
import { eventually } from '#testing';
import { IDENTITY_PROVIDER_KEY } from '../../../apps/sandbox/src/instance/layout.js';
import type { Instance } from '../../../apps/sandbox/src/instance/instance.js';
import { startInstance } from '../../../apps/sandbox/src/instance/instance.module.js';
import { readKey } from '../../../apps/sandbox/src/keys/key-files.store.js';
import { loadErrors } from '../harness/load.errors.js';
import { describeMachine } from '../harness/machine.js';
import { closedLoop, type Figures } from '../harness/measure.js';
import { Runs, say } from '../harness/report.js';
import type { BenchSettings } from '../harness/settings.js';
import type { Workspace } from '../harness/workspace.js';
import { layRows } from './lay-rows.js';

const PORTAL = 'DEMO/GOV/1000/mygov';
const PERSONS = '/r1/DEMO/GOV/1001/population/persons';
/** Whose pages are asked for, each with more accesses than a page shows. */
const ASKED = Array.from({ length: 10 }, (_, at) => `TEST${String(at + 1).padStart(6, '0')}`);
const ACCESSES_EACH = 60;
const LIMIT = 50;
const CALLERS = 2;
const CALLS_AT_ONCE = 16;
const TOKEN_S = 300;

export interface PageFigures {
  readonly rows: number;
  readonly withoutProofs: Figures;
  readonly withProofs: Figures;
}

export async function measurePages(workspace: Workspace, settings: BenchSettings): Promise<PageFigures> {
  const instance = await startInstance({ dataDir: join(workspace.directory, 'instance') });
  try {
    say(await describeMachine(settings, instance.databaseUrl));
    await makeAccesses(instance);
    const database = await openDatabase({ url: instance.databaseUrl, schema: 'feedback', migrations: [], poolSize: 2 });
    try {
      await allShown(database);
      await layRows(database, settings.rows);
    } finally {
      await database.close();
    }
    say(
      `accesses: pages of ${LIMIT} at ${settings.rows} rows of others, ${CALLERS} readers; everything on this machine`,
    );
    const [withoutProofs, withProofs] = [
      await measure(instance, settings, false),
      await measure(instance, settings, true),
    ];
    return { rows: settings.rows, withoutProofs, withProofs };
  } finally {
    await instance.stop();
  }
}

/** Real exchanges, so that what is shown opens and is proven. */
async function makeAccesses(instance: Instance): Promise<void> {
  const pool = new Pool(instance.gatewayUrl, { connections: CALLS_AT_ONCE });
  const paths = ASKED.flatMap((code) => Array.from({ length: ACCESSES_EACH }, () => `${PERSONS}/${code}`));
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
  const wanted = ASKED.length * ACCESSES_EACH;
  await eventually(
    async () => {
      const [row] = await database.query<{ n: string }>('SELECT count(*) AS n FROM subject_access');
      return Number(row?.n) >= wanted;
    },
    { timeoutMs: 60_000 },
  );
}

async function measure(instance: Instance, settings: BenchSettings, proofs: boolean): Promise<Figures> {
  const pool = new Pool(instance.feedbackUrl, { connections: CALLERS });
  const runs = new Runs(proofs ? 'with proofs' : 'without proofs');
  try {
    for (let run = 0; run < settings.runs; run += 1) {
      const ask = await asker(instance, pool, proofs);
      const { seconds, warmUpSeconds } = settings;
      runs.add(await closedLoop({ concurrency: CALLERS, seconds, warmUpSeconds, call: ask }));
    }
  } finally {
    await pool.destroy();
  }
  return runs.close();
}

/** Asks in turn for the newest page of each person. The portal's token is good once, so each call makes one. */
async function asker(instance: Instance, pool: Pool, proofs: boolean): Promise<() => Promise<void>> {
  const key = await keyOf(instance, PORTAL);
  const assertions = await Promise.all(ASKED.map((code) => assertion(instance, code)));
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
