/** One piece of work, as its trace shows it. Never personal data: names, identifiers of exchanges, codes. */
export interface Work {
  readonly name: string;
  readonly kind: 'server' | 'consumer' | 'internal';
  /** `traceparent` of what this work was begun for; one that is not well-formed counts as none. */
  readonly parent?: string | undefined;
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** Work under way that is traced. */
export interface TracedWork {
  /** For whoever goes on with it. */
  readonly traceparent: string;
  /** A stage of it is over; both times are `performance.now()`'s. */
  stage(name: string, fromMs: number, toMs: number): void;
  /** `outcome` is a code, or what the work came to in a word. */
  end(outcome: string, hasFailed: boolean): void;
}

/** Where traces go (`bus.md` §1: joined over Kafka by `traceparent`). */
export interface Tracing {
  /** Undefined where nobody wants a trace of this work. */
  begin(work: Work): TracedWork | undefined;
  /** Sends what waits, for two seconds at most. */
  close(): Promise<void>;
}

export interface TracingSettings {
  /** OTLP over HTTP; empty: nowhere. */
  readonly otlpUrl: string;
  /** Share of the work to trace that nobody before us has decided on, 0–100. */
  readonly tracePercent: number;
}

export const noTracing: Tracing = { begin: () => undefined, close: () => Promise.resolve() };
