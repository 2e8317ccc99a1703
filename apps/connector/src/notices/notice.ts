import type { DeliveryHead, KeptDelivery } from '#deliveries';

/** What feedback delivered to a subsystem, as its own systems get it: pushed, or fetched. */
export interface Notice {
  readonly id: string;
  readonly kind: string;
  readonly to: string;
  readonly madeAt: string;
  readonly dueAt?: string;
  readonly content: unknown;
}

export function noticeOf({ id, kind, to, dueMs }: DeliveryHead, madeMs: number, content: unknown): Notice {
  const dueAt = dueMs === undefined ? {} : { dueAt: new Date(dueMs).toISOString() };
  return { id, kind, to, madeAt: new Date(madeMs).toISOString(), ...dueAt, content };
}

/** How a notice stands here, with itself unless it cannot be opened any more. */
export interface KeptNotice {
  readonly id: string;
  readonly state: 'waiting' | 'parked';
  readonly attempts: number;
  readonly why?: string;
  readonly lastAttemptAt?: string;
  readonly notice?: Notice;
}

export function keptNotice({ id, state, attempts, why, atMs }: KeptDelivery, notice: Notice | undefined): KeptNotice {
  return {
    ...{ id, state: state === 'parked' ? 'parked' : 'waiting', attempts },
    ...(why === undefined ? {} : { why }),
    ...(atMs === undefined ? {} : { lastAttemptAt: new Date(atMs).toISOString() }),
    ...(notice === undefined ? {} : { notice }),
  };
}
