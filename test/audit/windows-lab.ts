import type { Statement } from '#signing';
import { eventually } from '#testing';
import { AuditNetwork } from './audit-network.js';

const date = new Date();
const half = `${date.getUTCFullYear()}h${date.getUTCMonth() < 6 ? 1 : 2}`;
/** Windows of the half-year in which the spec runs. */
export const WINDOWS = [half, `${half}-2`, `${half}-3`].map((window) => `audit.test.example/TEST/0/${window}`);

export const networkOfWindows = () => AuditNetwork.create({ origins: WINDOWS });

/** What the operator's command does. */
export async function askForRotation(network: AuditNetwork, logId: number): Promise<void> {
  await network.database.query('INSERT INTO audit.rotation_request (log_id) VALUES ($1)', [logId]);
}

export async function newestWindow(network: AuditNetwork): Promise<number> {
  const rows = await network.database.query<{ log_id: number }>('SELECT max(log_id) AS log_id FROM audit.log_head');
  return rows[0]?.log_id ?? 0;
}

export async function rotated(network: AuditNetwork, to: number): Promise<void> {
  await askForRotation(network, to - 1);
  await eventually(async () => (await newestWindow(network)) === to, { timeoutMs: 30_000 });
}

/** How often each of these stands in any window. */
export async function standings(network: AuditNetwork, statements: readonly Statement[]): Promise<number[]> {
  const hashes = (await network.leaves()).map(({ leaf_hash }) => leaf_hash.toString('hex'));
  const counts = new Map<string, number>();
  for (const hash of hashes) counts.set(hash, (counts.get(hash) ?? 0) + 1);
  return statements.map(({ leafHash }) => counts.get(leafHash.toString('hex')) ?? 0);
}
