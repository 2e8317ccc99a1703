/** Something for one recipient; what `value` says is between the app that adds it and whoever takes it. */
export interface Delivery {
  /** A UUID, made once by whoever adds it: the recipient knows by it what it has taken already. */
  readonly id: string;
  /** Within one recipient, what was added first goes first. */
  readonly recipient: string;
  readonly kind: string;
  readonly value: Uint8Array;
  /** When whatever is asked for in it has to be done; told to the recipient, and of no weight here. */
  readonly dueMs?: number | undefined;
}

/** As it is handed over: again and again under the same id, until it ends. */
export interface OutgoingDelivery extends Delivery {
  /** When it was added, by the database's clock. */
  readonly madeMs: number;
  /** This attempt's number, from 1. */
  readonly attempt: number;
}

/**
 * What became of an attempt. `why` is a code, never free text: it is stored, counted and shown to operators.
 * `again`: the recipient is away or says so itself; `refused`: it will never take this one.
 */
export type SendOutcome =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'again'; readonly why: string; readonly afterMs?: number | undefined }
  | { readonly kind: 'refused'; readonly why: string };

export const deliveryStates = ['waiting', 'parked', 'delivered', 'discarded'] as const;
export type DeliveryState = (typeof deliveryStates)[number];

/** A delivery as an operator sees it. */
export interface KeptDelivery extends Delivery {
  /** Rises in the order of adding; a cursor of pages. */
  readonly seq: string;
  readonly state: DeliveryState;
  readonly madeMs: number;
  /** Attempts that were begun, also those that a crash ended. */
  readonly attempts: number;
  /** Of the last attempt that ended badly, or of whoever discarded it. */
  readonly why: string | undefined;
  /** When the last attempt began, or when it was replayed, discarded or acknowledged. */
  readonly atMs: number | undefined;
}
