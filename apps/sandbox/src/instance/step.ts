/** What a start consists of, in the order in which a person is told. */
export const STEPS = {
  data: 'Keys and trust file',
  postgres: 'PostgreSQL',
  kafka: 'Apache Kafka',
  agencies: 'Sample agencies',
  identity: 'Identity provider',
  registry: 'Registry',
  audit: 'Audit: the transparency log',
  time: 'Time-stamp authorities',
  apply: 'Apply the definition of the instance',
  connectors: 'Connectors',
  gateway: 'Gateway',
  feedback: 'Feedback: the access history',
  portal: 'State Portal',
  ready: 'The first exchange would succeed',
} as const;
export type StepName = keyof typeof STEPS;

export interface StepEvent {
  readonly step: StepName;
  readonly state: 'started' | 'note' | 'done' | 'failed' | 'skipped';
  readonly ms: number;
  /** What is going on that takes long, or why nothing had to be done. */
  readonly note?: string;
}

export type StepListener = (event: StepEvent) => void;

/** Runs the steps of a start and tells of them. A step that fails takes the start down; others may run beside it. */
export class Steps {
  constructor(
    private readonly listener: StepListener,
    private readonly nowMs: () => number,
  ) {}

  async run<Outcome>(step: StepName, work: (note: (text: string) => void) => Promise<Outcome>): Promise<Outcome> {
    const startedMs = this.nowMs();
    const tell = (state: StepEvent['state'], note?: string) =>
      this.listener({ step, state, ms: this.nowMs() - startedMs, ...(note === undefined ? {} : { note }) });
    tell('started');
    try {
      const outcome = await work((text) => tell('note', text));
      tell('done');
      return outcome;
    } catch (cause) {
      tell('failed');
      throw cause;
    }
  }

  /** Something that takes long before the step proper begins. */
  note(step: StepName, text: string): void {
    this.listener({ step, state: 'note', ms: 0, note: text });
  }

  skip(step: StepName, note: string): void {
    this.listener({ step, state: 'skipped', ms: 0, note });
  }
}
