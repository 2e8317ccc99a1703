import { createPublicKey, verify } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LogFiles } from '#log-watch';
import { makeVkey } from '#tlog';
import { logSource } from '../../apps/cli/src/log-check/log-source.service.js';
import { verifyLog } from '../../apps/cli/src/verify-log/index.js';
import type { AccessRow } from '../../apps/feedback/web/access-row.js';
import type { Ed25519 } from '../../apps/feedback/web/prove-leaf.js';
import { proveRow, verdictOf, type Verdict } from '../../apps/feedback/web/prove-row.js';
import { inlineChecks } from '../conformance/log-in-memory.js';
import type { FeedbackNetwork } from './feedback-network.js';

const ed25519: Ed25519 = (publicKey, message, signature) => {
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey]);
  return Promise.resolve(verify(null, message, createPublicKey({ key: spki, format: 'der', type: 'spki' }), signature));
};

/** What the page says of each row that it is shown. */
export async function verdictsOf(
  network: FeedbackNetwork,
  rows: readonly AccessRow[],
  subject: string,
): Promise<Verdict[]> {
  const vkeys = network.audit.noteKeys.map(({ name, publicKey }) => makeVkey(name, publicKey));
  const findings = await Promise.all(rows.map((row) => proveRow(row, subject, { vkeys, ed25519 })));
  return findings.map(verdictOf);
}

/** The whole log as an outsider verifies it, from what the audit service serves and `trust.json` alone. */
export async function verifiedLog({ audit, auditUrl }: FeedbackNetwork) {
  const { report } = await verifyLog({
    source: logSource(LogFiles.prefixOf(auditUrl, audit.origins[0] ?? '')),
    trust: await readFile(join(audit.directory, 'trust.json')),
    checks: inlineChecks,
    window: 4,
  });
  return report;
}
