import type { Trust } from '#platform';
import { verifyEd25519 } from '#signing';
import { parsePolicy, type WitnessPolicy } from '#tlog';
import { logWatchErrors } from './log-watch.errors.js';

/** The witness policy of `trust.json`: its logs, its witnesses, its quorum. Undefined where it names no witnesses. */
export function witnessPolicy({ logs, witnesses }: Pick<Trust, 'logs' | 'witnesses'>): WitnessPolicy | undefined {
  if (witnesses.length === 0) return undefined;
  const lines = [...logs.map((vkey) => `log ${vkey}`), ...witnesses];
  const parsed = parsePolicy(lines.join('\n'), verifyEd25519);
  if (parsed.ok) return parsed.value;
  const { line, problem } = parsed.reason;
  const place = line === 0 ? 'witnesses' : `witnesses[${line - 1 - logs.length}]`;
  throw logWatchErrors.error('witness-policy-invalid', { extensions: { problems: [`${place} ${problem}`] } });
}
