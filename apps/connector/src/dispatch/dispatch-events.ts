import type { ContractReport } from '#contract-check';
import type { ExchangeId, ServiceId } from '#kernel';
import type { DeadReason } from './dispatch.errors.js';

/** Why a request was let go without a word: nobody who could be told is known, or nobody waits any more. */
export const dropReasons = [
  'expired',
  'clock-apart',
  'registry-behind',
  'registry-expired',
  'subsystem-stopped',
  'journal-busy',
  'signer-unavailable',
] as const;
export type DropReason = (typeof dropReasons)[number];

/** Every event worth waking somebody: a peer, the broker, the log or the registry did what it must not. */
export const alarmReasons = [
  'answer-withheld',
  'clock-apart',
  'clock-distance',
  'dead-letter',
  'dead-letter-lost',
  'dispute-unreadable',
  'foreign-key-published',
  'journal-orphans-stuck',
  'log-distrusted',
  'notice-flawed',
  'notice-parked',
  'receipt-conflict',
  'receipts-malformed',
  'receipts-note',
  'receipts-proof',
  'registry-copy-failed',
  'registry-manifest-refused',
  'registry-member-distrusted',
  'registry-record-alien',
  'registry-snapshot-invalid',
  'request-not-logged',
  'stamp-refused',
  'other',
] as const;
export type AlarmReason = (typeof alarmReasons)[number];

/** The reason of another part under the closed list. */
export function alarmReason(text: string): AlarmReason {
  return alarmReasons.find((reason) => reason === text) ?? 'other';
}

/** In order; `ops/connector-metrics.service.ts` says what each means. */
export const dispatchStages = ['called', 'answered', 'stated', 'sent'] as const;

/** Times one exchange. */
export interface DispatchWatch {
  passed(stage: (typeof dispatchStages)[number]): void;
  ended(outcome: string, hasFailed: boolean): void;
}

/** A request that was read; `traceparent` as the gateway gave it. */
export interface BegunDispatch {
  readonly exchangeId: ExchangeId;
  readonly service: ServiceId;
  readonly traceparent?: string | undefined;
}

/** What dispatch reports as it goes; the module makes metrics and log lines of it. Never personal data. */
export interface DispatchEvents {
  /** An exchange has its statement; `why` is a code of `outcomeReasons`. */
  readonly stated: (kind: 'answered' | 'failed' | 'refused', why: string | undefined, tookMs: number) => void;
  /** The log's verdict on a request, so long after it was asked for. */
  readonly receipted: (tookMs: number) => void;
  /** Called when a request was read. */
  readonly watch: (begun: BegunDispatch) => DispatchWatch;
  /** A call or an answer is not as the service's document says; under `report` it went on. */
  readonly contract: ContractReport;
  readonly dropped: (reason: DropReason) => void;
  readonly deadLettered: (reason: DeadReason) => void;
  readonly alarm: (reason: AlarmReason, details: Readonly<Record<string, unknown>>) => void;
  readonly failed: (what: string, cause: unknown) => void;
}
