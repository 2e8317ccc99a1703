import type { Instance } from '../../../apps/sandbox/src/instance/instance.js';
import { readAgencies } from '../ledger/agency-calls.js';
import type { Leaf } from '../ledger/leaf.js';
import { LogReader } from '../ledger/log-reader.js';

/** What became of one exchange by those who were there: its agency's list, and the log as an outsider reads it. */
export interface Account {
  /** Agencies that received it, once per call. */
  readonly calls: readonly string[];
  /** Types and reasons of its leaves in the order of the log, without `exchange.`: `failed outcome-unknown`. */
  readonly leaves: readonly string[];
}

/** An agency knows a safe call by its client's name of it (`messageId`) only: the exchange id comes with unsafe ones. */
export async function accountOf(instance: Instance, exchangeId: string, messageId?: string): Promise<Account> {
  const [{ calls }, leaves] = await Promise.all([readAgencies(instance.agencies), leavesOf(instance)]);
  return {
    calls: calls
      .filter((call) => call.exchangeId === exchangeId || call.messageId === messageId)
      .map(({ agency }) => agency),
    leaves: leaves.filter(({ id }) => id === exchangeId).map((leaf) => nameOf(leaf)),
  };
}

/** Every leaf that the log shows now; rejects while it shows none. */
export async function leavesOf(instance: Instance): Promise<readonly Leaf[]> {
  const copy = await (await LogReader.find(instance.auditUrl)).copy();
  if (copy === undefined) throw new TypeError('the log cannot be read now');
  return copy.leaves;
}

function nameOf({ t, why }: Leaf): string {
  const name = t.replace(/^exchange\./, '');
  return why === undefined ? name : `${name} ${why}`;
}
