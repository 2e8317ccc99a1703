import { ok, refuse, type Result } from '#kernel';
import type { ClockCommand } from '../clock-command.js';
import { correct, decide, join } from './deciding.js';
import type { Effect, Judge, Judged } from './effect.js';
import { acknowledge, close, propagate, reopen, verify } from './ending.js';
import type { CaseActor, CaseEvent, CaseEventOf, CaseEventType } from './event.js';
import { link, route, split, submit, succeed } from './filing.js';
import { extend, lapseInfo, provideInfo, receive, requestInfo, start, transfer, withdraw } from './handling.js';
import { TOLD, type CaseNotice, type CaseSignal } from './notice.js';
import type { CaseRecord } from './record.js';
import { caseRefusal, type CaseRefusal, type CaseRefusalCode } from './refusal.js';
import { DUE_CLOCK, type CaseStatement } from './statement.js';
import { tick } from './tick.js';
import { cellOf, TRANSITIONS } from './transition.js';

/** What an event that was taken brings. Nothing of it counts before the statement stands in the log: `standing`. */
export interface Advanced {
  readonly record: CaseRecord;
  readonly statement: CaseStatement;
  /** To be carried out in this order; then `due` is written into the record. */
  readonly clocks: readonly ClockCommand[];
  readonly told: readonly CaseNotice[];
  readonly signals: readonly CaseSignal[];
}

const JUDGES: { readonly [T in CaseEventType]: Judge<T> } = {
  submit,
  route,
  split,
  receive,
  start,
  transfer,
  'request-info': requestInfo,
  'provide-info': provideInfo,
  'lapse-info': lapseInfo,
  extend,
  decide,
  join,
  correct,
  propagate,
  acknowledge,
  verify,
  close,
  withdraw,
  reopen,
  tick,
  succeed,
  link,
};

/**
 * What becomes of a case by an event at `atMs`, or why nothing does (`corrections.md` §5, §6). Two who act at once both
 * get an answer here; the log's first `s<seq>` decides which of them counts.
 */
export function advance(record: CaseRecord, event: CaseEvent, atMs: number): Result<Advanced, CaseRefusal> {
  const problem = actorProblem(record, event) ?? placeProblem(record, event);
  if (problem !== undefined) return refuse(caseRefusal(problem));
  const judged = judge(record, event, atMs);
  return judged.ok ? ok(advanced(record, event, judged.value)) : judged;
}

/** The record once the statement of its last transition has that leaf hash. A recipient's word is no link of the chain. */
export function standing(record: CaseRecord, leaf: string): CaseRecord {
  return { ...record, leaf };
}

function judge<T extends CaseEventType>(record: CaseRecord, event: CaseEventOf<T>, atMs: number): Judged {
  const of: Judge<T> = JUDGES[event.type];
  return of(record, event, atMs);
}

/** Whether the role may do that at all, and whether it is the one of this case. */
function actorProblem(record: CaseRecord, { type, by }: CaseEvent): CaseRefusalCode | undefined {
  if (!TRANSITIONS[type].by.includes(by.role)) return 'not-entitled';
  if (by.role === 'portal' && by.subsystem !== record.portal) return 'not-a-party';
  // The portal's gateway asks again by itself; the citizen has not acted.
  if (by.role === 'portal' && !by.mayAct && type !== 'verify') return 'right-unproved';
  if (by.role === 'owner' && by.subsystem !== record.owner) return 'not-a-party';
  // Only of its own data may an owner file: a mass correction.
  return by.role === 'owner' && type === 'submit' && by.subsystem !== record.portal ? 'not-a-party' : undefined;
}

/** What a case that was split still takes itself. */
const OF_THE_WHOLE: ReadonlySet<CaseEventType> = new Set(['close', 'reopen', 'succeed', 'link', 'tick']);

function placeProblem(record: CaseRecord, { type, by }: CaseEvent): CaseRefusalCode | undefined {
  if (record.seq > 0 && record.leaf === undefined) return 'unstamped';
  const cell = cellOf(record.state, type);
  if ('refused' in cell) return cell.refused;
  if (record.parts.length === 0) return undefined;
  return OF_THE_WHOLE.has(type) && (type !== 'reopen' || by.role === 'feedback') ? undefined : 'act-on-the-parts';
}

function advanced(record: CaseRecord, event: CaseEvent, effect: Effect): Advanced {
  const takesPlace = effect.states !== 'recipient-acked';
  const changed: CaseRecord = { ...record, ...effect.change, state: effect.to };
  const commands = (effect.clocks ?? []).filter(({ act, clock }) => act === 'start' || clock in changed.clocks);
  const after: CaseRecord = {
    ...changed,
    clocks: clocksAfter(changed.clocks, commands),
    due: dueAfter(changed.due, commands),
    ...(takesPlace ? { seq: record.seq + 1, leaf: undefined } : {}),
  };
  const statement = takesPlace ? statementOf(record, after, event.by, effect) : acknowledgement(record, event, effect);
  const tells = (effect.tells ?? TOLD[effect.states]).filter(
    (audience) => audience !== 'recipients' || after.recipients.length > 0,
  );
  return {
    record: after,
    statement,
    clocks: commands,
    told: tells.map((to) => ({ to, code: effect.states })),
    signals: signalsOf(record, after),
  };
}

function clocksAfter(before: CaseRecord['clocks'], commands: readonly ClockCommand[]): CaseRecord['clocks'] {
  const after = { ...before };
  for (const { act, clock } of commands) {
    if (act === 'stop') Reflect.deleteProperty(after, clock);
    else if (act === 'start' || act === 'extend') after[clock] = 'running';
  }
  return after;
}

/** The end of a clock that was touched is not known until its command was carried out. */
function dueAfter(before: CaseRecord['due'], commands: readonly ClockCommand[]): CaseRecord['due'] {
  const after = { ...before };
  for (const { clock } of commands) Reflect.deleteProperty(after, clock);
  return after;
}

function statementOf(before: CaseRecord, after: CaseRecord, by: CaseActor, effect: Effect): CaseStatement {
  const dueOf = effect.dueOf ?? DUE_CLOCK[after.state];
  return {
    t: `correction.${effect.states}`,
    signer: signerOf(by),
    from: after.portal,
    to: after.owner,
    seq: after.seq,
    ...(before.leaf === undefined ? {} : { prev: before.leaf }),
    was: before.state,
    now: after.state,
    ...(dueOf !== undefined && dueOf in after.clocks ? { dueOf } : {}),
    ...effect.says,
  };
}

/** A recipient speaks for itself, to the owner, without the case: whoever reads the log learns no case's recipients. */
function acknowledgement(record: CaseRecord, event: CaseEvent, effect: Effect): CaseStatement {
  const from = 'subsystem' in event.by ? event.by.subsystem : record.portal;
  const now = event.type === 'acknowledge' ? event.action : record.state;
  return { t: 'correction.recipient-acked', signer: 'from', from, to: record.owner, now, ...effect.says };
}

function signerOf({ role }: CaseActor): CaseStatement['signer'] {
  if (role === 'portal') return 'from';
  return role === 'owner' ? 'to' : 'feedback';
}

function signalsOf(before: CaseRecord, after: CaseRecord): CaseSignal[] {
  const signals: CaseSignal[] = [];
  if (!before.isDisputed && after.isDisputed) signals.push('data.disputed');
  if (before.isDisputed && !after.isDisputed) signals.push('data.undisputed');
  if (before.state !== 'PROPAGATING' && after.state === 'PROPAGATING') signals.push('data.corrected');
  return signals;
}
