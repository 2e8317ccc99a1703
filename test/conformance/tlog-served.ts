import { createHttpApp, silentLogger, startHttpApp, type RunningApp } from '#platform';
import { openDatabase, type Database } from '#postgres';
import { createDatabase, fakeClock, type FakeClock } from '#testing';
import { ed25519Seed, noteSigner, type NoteSigner } from '#tlog';
import { migrations } from '../../apps/audit/src/migrations/index.js';
import { ReadModule } from '../../apps/audit/src/read.module.js';

/** Log key of `audit-log.md` §2.9. */
const seed = Buffer.from(Array.from({ length: 32 }, (_, at) => at));
const { publicKey, sign } = ed25519Seed(seed);
export const vectorSigner: NoteSigner = noteSigner('audit.example.gov/exchange/2026h2', publicKey, sign);

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

export interface Served {
  readonly database: Database;
  readonly clock: FakeClock;
  /** GET over a real socket. */
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  /** Another log of the same database, on another port. */
  alsoServe(logId: number): Promise<Pick<Served, 'get'>>;
  close(): Promise<void>;
}

/** The read side alone, over a database of its own, on loopback. */
export async function serveLog(logId: number): Promise<Served> {
  const own = await createDatabase();
  const database = await openDatabase({
    url: own.url,
    schema: 'audit',
    migrations,
    poolSize: 4,
  });
  const clock = fakeClock();
  const apps: RunningApp[] = [];
  const serve = async (id: number): Promise<Pick<Served, 'get'>> => {
    const log = {
      logId: id,
      origin: vectorSigner.name,
      vkey: vectorSigner.vkey,
      path: '0/2026h2',
      url: 'http://127.0.0.1:8100/log/0/2026h2/',
      state: 'open' as const,
    };
    const module = ReadModule.servingOne(log, database, { clock });
    const app = await createHttpApp(module, { name: 'audit', logger: silentLogger() });
    const running = await startHttpApp(app, { host: '127.0.0.1', port: 0 });
    apps.push(running);
    return { get: (path, headers = {}) => fetchBytes(`${running.url}${path}`, headers) };
  };
  const close = async (): Promise<void> => {
    for (const app of apps) await app.close();
    await database.close();
    await own.drop();
  };
  return { ...(await serve(logId)), database, clock, alsoServe: serve, close };
}

async function fetchBytes(url: string, headers: Record<string, string>): Promise<Answer> {
  const response = await fetch(url, { headers });
  return { status: response.status, headers: response.headers, body: Buffer.from(await response.arrayBuffer()) };
}
