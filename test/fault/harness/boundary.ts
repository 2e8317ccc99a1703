/** Something that a process asks of Kafka or PostgreSQL, at the moment when it leaves the process. */
export type Crossing =
  | {
      readonly wire: 'kafka';
      readonly api: number;
      /** Of a Produce request. */
      readonly topics: readonly string[];
      /** Types and exchange ids of the statements in it, read from the records themselves. */
      readonly statements: readonly { readonly t: string; readonly id: string }[];
      /** Of an OffsetCommit. */
      readonly group: string;
    }
  | { readonly wire: 'postgres'; readonly sql: string };

/** An outside step of a process, recognised by what crosses. */
export type Step = (crossing: Crossing) => boolean;

/** `before`: it never reaches the other side. `after`: it had its effect, and the process does not hear of it. */
export type Moment = 'before' | 'after';

/** `halt`: nothing crosses any more, in either direction; `cut`: the connection breaks; `pass`: it is only noted. */
export type Fate = 'halt' | 'cut' | 'pass';

export interface Plan {
  readonly step: Step;
  readonly moment: Moment;
  readonly fate: Fate;
  /** How many times; 1 if absent. */
  readonly times?: number;
  /** Of a Produce request only these topics reach the broker: its batches are not atomic. */
  readonly onlyTopics?: (topic: string) => boolean;
}

export interface Trap extends Omit<Plan, 'times'> {
  /** The fate has been met. */
  sprung(): void;
}

interface Armed {
  readonly plan: Plan;
  left: number;
  readonly met: (crossing: Crossing) => void;
}

/**
 * Everything between one process and its Kafka and PostgreSQL. What a crash leaves depends only on what has crossed here,
 * so here is where the moment of a crash is chosen: no product code knows of it.
 */
export class Boundary {
  /** Written by `arm` and `meet`. */
  private readonly armed: Armed[] = [];
  private halted = false;
  private readonly closers = new Set<() => void>();

  /** Resolves with what crossed when the fate has been met `times` times. A step meets the oldest plan that fits. */
  arm(plan: Plan): Promise<Crossing> {
    return new Promise((met) => this.armed.push({ plan, left: plan.times ?? 1, met }));
  }

  /** The trap that this crossing springs; each plan that fits is used once. */
  meet(crossing: Crossing): Trap | undefined {
    const fitting = this.armed.filter(({ plan }) => plan.step(crossing));
    for (const one of fitting.filter(({ plan }) => plan.fate === 'pass')) this.use(one)(crossing);
    const found = fitting.find(({ plan }) => plan.fate !== 'pass');
    if (found === undefined) return undefined;
    const met = this.use(found);
    return { ...found.plan, sprung: () => met(crossing) };
  }

  /** From now on nothing crosses: the process may run on, nobody will ever know. */
  halt(): void {
    this.halted = true;
  }

  get isHalted(): boolean {
    return this.halted;
  }

  /** Forgets connections and plans of a process that is dead. */
  reset(): void {
    this.armed.length = 0;
    for (const close of this.closers) close();
    this.halted = false;
  }

  /** A connection that `reset` has to close; returns how to forget it. */
  register(close: () => void): () => void {
    this.closers.add(close);
    return () => this.closers.delete(close);
  }

  /** Returns what to call when the fate has been met. */
  private use(one: Armed): (crossing: Crossing) => void {
    one.left -= 1;
    if (one.left > 0) return () => undefined;
    this.armed.splice(this.armed.indexOf(one), 1);
    return one.met;
  }
}
