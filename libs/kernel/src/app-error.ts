/** What a caller can conclude from an error; each edge maps a kind to its own status. */
export type ErrorKind = 'refused' | 'invalid' | 'not-found' | 'conflict' | 'unavailable' | 'broken';

/** One row of a feature's error catalogue; `docs/errors.md` is generated from all of them. */
export interface ErrorEntry {
  readonly kind: ErrorKind;
  /** Safe to show to anybody: no personal data, nothing internal. */
  readonly message: string;
  /** What the reader of the error should do next. */
  readonly next: string;
  /** HTTP status, where the kind's own (see `statusOf`) is not the right one. */
  readonly status?: number;
  /** Fault code on `/r1` without side prefix, 7.8 spelling (`exchange.md` §1). Default: `internal_error`. */
  readonly fault?: string;
}

const KIND_STATUS: Record<ErrorKind, number> = {
  refused: 403,
  invalid: 400,
  'not-found': 404,
  conflict: 409,
  unavailable: 503,
  broken: 500,
};

/** Native HTTP status of a catalogue entry (RFC 9457 face, `exchange.md` §1). */
export function statusOf(entry: ErrorEntry): number {
  return entry.status ?? KIND_STATUS[entry.kind];
}

export interface AppErrorContext {
  /** For logs of the operator only; never personal data. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
  /** Members added to the problem document, e.g. `exchangeId`, `side`, `problems`. Shown to the caller. */
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** The one base of every surprise in Kerege: a stable code, a message safe to show, private details. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly details: Readonly<Record<string, unknown>>;
  readonly extensions: Readonly<Record<string, unknown>>;

  constructor(
    readonly code: string,
    readonly entry: ErrorEntry,
    context: AppErrorContext = {},
  ) {
    super(entry.message, { cause: context.cause });
    this.details = context.details ?? {};
    this.extensions = context.extensions ?? {};
  }

  get kind(): ErrorKind {
    return this.entry.kind;
  }
}

/** A feature's closed list of error codes. Declared once in `<feature>.errors.ts` and exported for the generated docs. */
export class ErrorCatalogue<Code extends string> {
  constructor(
    readonly area: string,
    readonly entries: Readonly<Record<Code, ErrorEntry>>,
  ) {}

  error(code: Code, context?: AppErrorContext): AppError {
    return new AppError(code, this.entries[code], context);
  }
}

/** Declares a feature's errors; `area` names the feature in the generated documentation. */
export function defineErrors<const Entries extends Record<string, ErrorEntry>>(
  area: string,
  entries: Entries,
): ErrorCatalogue<Extract<keyof Entries, string>> {
  return new ErrorCatalogue(area, entries);
}
