import {
  isSequelOf,
  parseStatement,
  sequelOf,
  type FailedPayload,
  type RequestedPayload,
  type Statement,
} from '#signing';

export interface SweepableLeaf {
  readonly index: number;
  readonly xid: Buffer;
  readonly body: Buffer;
}

export interface SweepOutcome {
  /** Requests that have waited long enough and that nothing in the log ends. */
  readonly unfinished: readonly Statement<RequestedPayload>[];
  /** The first of these leaves that has to be looked at again; undefined if none. */
  readonly again: number | undefined;
  /** Whether a leaf was too young: there is no use in reading on. */
  readonly reachedYoung: boolean;
}

/**
 * Which requests want `failed: no-outcome` (`bus.md` §4.10). A sequel counts only if it names the request's leaf and its
 * parties: one that merely has the id, or another `prev`, ends nothing.
 */
export function findUnfinished(
  requests: readonly SweepableLeaf[],
  others: readonly { readonly xid: Buffer; readonly body: Buffer }[],
  statedBeforeMs: number,
): SweepOutcome {
  const sequels = new Map<string, Statement[]>();
  for (const { xid, body } of others) {
    const parsed = parseStatement(body.toString('latin1'));
    if (!parsed.ok) continue;
    const id = xid.toString('hex');
    sequels.set(id, [...(sequels.get(id) ?? []), parsed.value]);
  }
  const unfinished: Statement<RequestedPayload>[] = [];
  let again: number | undefined;
  for (const { index, xid, body } of requests) {
    const parsed = parseStatement(body.toString('latin1'));
    if (!parsed.ok || !isRequest(parsed.value)) continue;
    const requested = parsed.value;
    if (sequels.get(xid.toString('hex'))?.some((sequel) => isSequelOf(sequel, requested)) === true) continue;
    again ??= index;
    if (requested.payload.ts >= statedBeforeMs) return { unfinished, again, reachedYoung: true };
    unfinished.push(requested);
  }
  return { unfinished, again, reachedYoung: false };
}

/** The bus's own word about an exchange of which nobody told the end. */
export function noOutcome(requested: Statement<RequestedPayload>, nowMs: number): FailedPayload {
  return { ...sequelOf(requested, nowMs), t: 'exchange.failed', why: 'no-outcome', side: 'unknown' };
}

function isRequest(statement: Statement): statement is Statement<RequestedPayload> {
  return statement.payload.t === 'exchange.requested';
}
