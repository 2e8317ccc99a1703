import { randomBytes } from 'node:crypto';

/** Somebody who has signed in, while their assertion lasts. */
export interface Session {
  /** What `Kerege-End-User` carries. */
  readonly assertion: string;
  /** Of the person and of whom they represent, `COUNTRY/TYPE/CODE`. */
  readonly subjects: readonly string[];
  readonly untilMs: number;
}

/** A sign-in that has begun. */
export interface Attempt {
  readonly verifier: string;
  readonly state: string;
  readonly untilMs: number;
}

const MAX = 1_000;

/** By a name that nobody guesses. Bounded: the oldest gives way; a restart signs everybody out. */
export class Remembered<Value extends { readonly untilMs: number }> {
  private readonly values = new Map<string, Value>();

  add(value: Value): string {
    const name = randomBytes(32).toString('base64url');
    const [oldest] = this.values.keys();
    if (this.values.size >= MAX && oldest !== undefined) this.values.delete(oldest);
    this.values.set(name, value);
    return name;
  }

  find(name: string | undefined, nowMs: number): Value | undefined {
    const value = name === undefined ? undefined : this.values.get(name);
    return value !== undefined && nowMs < value.untilMs ? value : undefined;
  }

  remove(name: string | undefined): void {
    if (name !== undefined) this.values.delete(name);
  }
}

/** The value of one cookie of a request. */
export function cookieOf(header: string | undefined, name: string): string | undefined {
  const pairs = (header ?? '').split(';').map((pair) => pair.trim().split('='));
  return pairs.find(([key]) => key === name)?.[1];
}
