import type { SubsystemId } from '#kernel';
import { parseTypedSubject, type TypedSubject } from '#signing';

/** That a datum about somebody is disputed. */
export interface DisputeFlag {
  /** Names it among those of its subsystem. */
  readonly flag: string;
  readonly subsystem: SubsystemId;
  readonly subject: TypedSubject;
  readonly element: string;
  readonly sinceMs: number;
  readonly option: 'FLAG' | 'BLOCK';
  /** Purposes that go on under `BLOCK`. */
  readonly exemptPurposes: readonly string[];
}

/** `DisputeContent` of `#deliveries`, as far as it is kept. */
export interface ToldDispute extends Pick<DisputeFlag, 'flag' | 'element' | 'option' | 'exemptPurposes'> {
  /** `COUNTRY/TYPE/CODE`. */
  readonly subject: string;
  readonly since: string;
}

/** Undefined if what was delivered names no subject. */
export function flagOf(subsystem: SubsystemId, told: ToldDispute): DisputeFlag | undefined {
  const subject = parseTypedSubject(told.subject);
  if (subject === undefined) return undefined;
  const { flag, element, option, exemptPurposes, since } = told;
  return { flag, subsystem, subject, element, option, exemptPurposes, sinceMs: Date.parse(since) };
}

/** The flags that are on, by whom they are about. */
export class HeldFlags {
  private readonly byName = new Map<string, DisputeFlag>();
  private readonly bySubject = new Map<string, Map<string, DisputeFlag>>();

  get size(): number {
    return this.byName.size;
  }

  set(flag: DisputeFlag): void {
    this.remove(flag.subsystem, flag.flag);
    this.byName.set(nameOf(flag.subsystem, flag.flag), flag);
    const key = subjectKey(flag.subsystem, flag.subject);
    const known = this.bySubject.get(key);
    if (known === undefined) this.bySubject.set(key, new Map([[flag.flag, flag]]));
    else known.set(flag.flag, flag);
  }

  remove(subsystem: SubsystemId, name: string): void {
    const flag = this.byName.get(nameOf(subsystem, name));
    if (flag === undefined) return;
    this.byName.delete(nameOf(subsystem, name));
    const key = subjectKey(subsystem, flag.subject);
    const rest = this.bySubject.get(key);
    rest?.delete(name);
    if (rest?.size === 0) this.bySubject.delete(key);
  }

  /** About any of them. */
  about(subsystem: SubsystemId, subjects: readonly TypedSubject[]): DisputeFlag[] {
    return subjects.flatMap((subject) => [...(this.bySubject.get(subjectKey(subsystem, subject))?.values() ?? [])]);
  }
}

function nameOf(subsystem: SubsystemId, flag: string): string {
  return `${subsystem} ${flag}`;
}

function subjectKey(subsystem: SubsystemId, { country, type, code }: TypedSubject): string {
  return `${subsystem} ${country}/${type}/${code}`;
}
