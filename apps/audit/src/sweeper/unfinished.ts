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

/** Any other leaf of an exchange; `slot` as intake gave it. */
export interface OtherLeaf {
  readonly xid: Buffer;
  readonly slot: string;
  readonly body: Buffer;
}

export interface SweepOutcome {
  /** Requests that have waited long enough and that nothing in the log ends. */
  readonly unfinished: readonly Statement<RequestedPayload>[];
  /** Requests that nothing ends and that we cannot end: our only slot for their id holds the end of another's. */
  readonly endless: readonly Statement<RequestedPayload>[];
  /** The first of these leaves that has to be looked at again; undefined if none. */
  readonly again: number | undefined;
  /** Whether a leaf was too young: there is no use in reading on. */
  readonly reachedYoung: boolean;
}

/** Of `failed: no-outcome`, taken once per exchange id (`statements.md` §2). */
const OUR_SLOT = 'b1';

/**
 * Which requests want `failed: no-outcome` (`bus.md` §4.10). A sequel counts only if it names the request's leaf and its
 * parties: one that merely has the id, or another `prev`, ends nothing.
 */
export function findUnfinished(
  requests: readonly SweepableLeaf[],
  others: readonly OtherLeaf[],
  statedBeforeMs: number,
): SweepOutcome {
  const { sequels, endedByUs } = gather(others);
  const unfinished: Statement<RequestedPayload>[] = [];
  const endless: Statement<RequestedPayload>[] = [];
  let again: number | undefined;
  for (const { index, xid, body } of requests) {
    const parsed = parseStatement(body.toString('latin1'));
    if (!parsed.ok || !isRequest(parsed.value)) continue;
    const requested = parsed.value;
    const id = xid.toString('hex');
    if (sequels.get(id)?.some((sequel) => isSequelOf(sequel, requested)) === true) continue;
    // Two consumers have asked under one id, which honest ones never do: waiting would hold up everybody's sweep.
    if (endedByUs.has(id)) {
      endless.push(requested);
      continue;
    }
    again ??= index;
    if (requested.payload.ts >= statedBeforeMs) return { unfinished, endless, again, reachedYoung: true };
    unfinished.push(requested);
  }
  return { unfinished, endless, again, reachedYoung: false };
}

/** By exchange: what was stated besides the request, and whether our slot is taken. */
function gather(others: readonly OtherLeaf[]) {
  const sequels = new Map<string, Statement[]>();
  const endedByUs = new Set<string>();
  for (const { xid, slot, body } of others) {
    const id = xid.toString('hex');
    if (slot === OUR_SLOT) endedByUs.add(id);
    const parsed = parseStatement(body.toString('latin1'));
    if (parsed.ok) sequels.set(id, [...(sequels.get(id) ?? []), parsed.value]);
  }
  return { sequels, endedByUs };
}

/** The bus's own word about an exchange of which nobody told the end. */
export function noOutcome(requested: Statement<RequestedPayload>, nowMs: number): FailedPayload {
  return { ...sequelOf(requested, nowMs), t: 'exchange.failed', why: 'no-outcome', side: 'unknown' };
}

function isRequest(statement: Statement): statement is Statement<RequestedPayload> {
  return statement.payload.t === 'exchange.requested';
}
