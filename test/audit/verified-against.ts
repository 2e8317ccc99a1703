import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunningApp } from '#platform';
import { runKerege } from '../../apps/cli/src/kerege.command.js';
import type { AuditNetwork } from './audit-network.js';

export const LOG = 'log/0/2026h2';

/** What `kerege verify-log` says of the tree that audit serves, beside a note that somebody else holds of it. */
export async function verifiedAgainst(
  network: AuditNetwork,
  app: RunningApp,
  note: string | Uint8Array,
): Promise<{ readonly code: number; readonly findings: readonly string[] }> {
  const file = join(network.directory, 'other.note');
  writeFileSync(file, note);
  let out = '';
  const io = { out: (text: string) => void (out += text), tell: () => undefined, paint: (_: string, t: string) => t };
  const trust = join(network.directory, 'trust.json');
  const args = [`${app.url}/${LOG}/`, '--tree-only', '--json', '--against', file, '--trust', trust];
  const code = await runKerege(['verify-log', ...args], io);
  const { findings } = JSON.parse(out) as { findings: { code: string }[] };
  return { code, findings: findings.map((finding) => finding.code) };
}
