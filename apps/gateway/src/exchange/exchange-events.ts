import type { ExchangeId, ServiceId } from '#kernel';

/** In order; `ops/gateway-metrics.service.ts` says what each means. */
export const exchangeStages = ['sent', 'answered', 'receipted', 'released'] as const;

/** Times one exchange. */
export interface ExchangeWatch {
  /** For the provider, if this exchange is traced. */
  readonly traceparent: string | undefined;
  passed(stage: (typeof exchangeStages)[number]): void;
  ended(outcome: string, hasFailed: boolean): void;
}

/** An exchange that begins; `traceparent` as its caller gave it. */
export interface BegunExchange {
  readonly id: ExchangeId;
  readonly service: ServiceId;
  readonly traceparent: string | undefined;
}

/** What the exchange reports as it goes; the module turns it into metrics and log lines (`ops/`). Never personal data. */
export interface ExchangeEvents {
  readonly ended: (outcome: { readonly kind: string; readonly code: string; readonly tookMs: number }) => void;
  /** Worth waking somebody: a peer or the log did what it must not. */
  readonly alarm: (reason: string, details: Readonly<Record<string, unknown>>) => void;
  /** Something counted: `late-answer`, `stamp-repeated`, `refusal-not-stated`, … */
  readonly counted: (what: Counted) => void;
  readonly failed: (what: string, cause: unknown) => void;
  /** Called when an exchange was admitted. */
  readonly watch: (begun: BegunExchange) => ExchangeWatch;
}

/** What the gateway, its keys and its copy of the registry alarm about; a reason of another part counts as `other`. */
export const alarmReasons = [
  'answer-rejected',
  'key-stranger',
  'keys-not-held',
  'log-distrusted',
  'receipt-conflict',
  'receipt-note-refused',
  'receipt-proof-wrong',
  'registry-copy-failed',
  'registry-manifest-refused',
  'registry-member-distrusted',
  'registry-record-alien',
  'registry-snapshot-invalid',
  'sealing-refused',
  'stamp-refused',
  'subject-sweep',
  'takeover-leaf-refused',
  'other',
] as const;

export const countedEvents = [
  'late-answer',
  'malformed-reply',
  'rejected-answer',
  'stamp-repeated',
  'refusal-stated',
  'refusal-not-stated',
  'refusals-stated',
  'refusals-not-stated',
  'outcome-pending',
  'row-not-ended',
] as const;
export type Counted = (typeof countedEvents)[number];
