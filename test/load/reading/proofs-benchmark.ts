import { Pool } from 'undici';
import { freePort } from '#local';
import { loadErrors } from '../harness/load.errors.js';
import { closedLoop, type Figures } from '../harness/measure.js';
import { Runs, say } from '../harness/report.js';
import type { BenchSettings } from '../harness/settings.js';
import { Workspace } from '../harness/workspace.js';
import { laidLog, type LaidLog } from './laid-log.js';

const CALLERS = [1, 32];
/** From an empty cache on; longer it would be warm. */
const COLD_SECONDS = 2;

/**
 * Inclusion proofs of leaves drawn at random, over HTTP from the reading half in a process of its own: cold, from its
 * start on, and warm. The cache holds 512 of some 3,900 tiles, so most proofs read one tile from PostgreSQL either way.
 */
export function proofsBenchmark(settings: BenchSettings): Promise<object> {
  return Workspace.use(async (workspace) => measureProofs(workspace, await laidLog(workspace, settings), settings));
}

export async function measureProofs(
  workspace: Workspace,
  { databaseUrl, size }: LaidLog,
  settings: BenchSettings,
): Promise<object> {
  say(`proofs: GET /proof/inclusion in a log of ${size} leaves; client and PostgreSQL on this machine`);
  const figures: Record<string, { cold: Figures; warm: Figures }> = {};
  for (const concurrency of settings.loads ?? CALLERS) {
    const cold = new Runs(`cold, ${concurrency} at a time`);
    const warm = new Runs(`warm, ${concurrency} at a time`);
    for (let run = 0; run < settings.runs; run += 1) {
      const port = await freePort();
      await workspace.program('reading/proof-server', [databaseUrl, String(port)]);
      const pool = new Pool(`http://127.0.0.1:${port}`, { connections: concurrency });
      const call = () => askProof(pool, size);
      cold.add(await closedLoop({ concurrency, seconds: COLD_SECONDS, warmUpSeconds: 0, call }));
      const { seconds, warmUpSeconds } = settings;
      warm.add(await closedLoop({ concurrency, seconds, warmUpSeconds, call }));
      await pool.close();
    }
    figures[concurrency] = { cold: cold.close(), warm: warm.close() };
  }
  return { benchmark: 'proofs', leaves: size, figures };
}

async function askProof(pool: Pool, size: number): Promise<void> {
  const index = Math.floor(Math.random() * size);
  const { statusCode, body } = await pool.request({
    method: 'GET',
    path: `/proof/inclusion?index=${index}&size=${size}`,
  });
  await body.dump();
  if (statusCode !== 200) throw loadErrors.error('bench-tool-failed', { details: { statusCode } });
}
