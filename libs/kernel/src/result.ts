/** The value of a decision: what was found, or the reason why not. A refusal is a value, never an exception. */
export type Result<Value, Reason> = Ok<Value> | Refused<Reason>;
export interface Ok<Value> {
  readonly ok: true;
  readonly value: Value;
}
export interface Refused<Reason> {
  readonly ok: false;
  readonly reason: Reason;
}

export function ok<Value>(value: Value): Ok<Value> {
  return { ok: true, value };
}

export function refuse<Reason>(reason: Reason): Refused<Reason> {
  return { ok: false, reason };
}
