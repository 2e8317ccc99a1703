import type { AccessPlan } from '#postgres';

/**
 * Tables of an outbox and an inbox, for a migration of the app that has them: one of each within its schema.
 *
 * `delivery` holds what is to be brought, in the order of `seq`; the value of one that has ended is emptied, since nobody
 * needs it any more. `delivery_recipient` says when a recipient may be tried (`not_before_ms`: the pause after a
 * failure, or the end of the lease of whoever is at it, `holder`) and how often it has failed since it last took
 * something. `taken_delivery` is what this app has taken from somebody else's outbox.
 */
export const createDeliveries = `
  CREATE TABLE delivery (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id uuid NOT NULL UNIQUE, recipient text NOT NULL,
    kind text NOT NULL, value bytea NOT NULL, made_ms bigint NOT NULL, due_ms bigint,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'parked', 'delivered', 'discarded')),
    attempts integer NOT NULL DEFAULT 0, why text, at_ms bigint
  );
  CREATE INDEX delivery_waiting ON delivery (recipient, seq) WHERE state = 'waiting';
  CREATE INDEX delivery_parked ON delivery (recipient, seq) WHERE state = 'parked';
  CREATE INDEX delivery_ended ON delivery (at_ms) WHERE state IN ('delivered', 'discarded');
  CREATE TABLE delivery_recipient (
    recipient text PRIMARY KEY, not_before_ms bigint NOT NULL DEFAULT 0, failures integer NOT NULL DEFAULT 0,
    holder uuid
  );
  CREATE TABLE taken_delivery (source text NOT NULL, id uuid NOT NULL, at_ms bigint NOT NULL, PRIMARY KEY (source, id));
  CREATE INDEX taken_delivery_at ON taken_delivery (at_ms);
`;

export const dropDeliveries = 'DROP TABLE delivery, delivery_recipient, taken_delivery';

/** What the role of the app may do with them. */
export const deliveriesAccess: AccessPlan = {
  delivery: { insert: true, update: ['value', 'state', 'attempts', 'why', 'at_ms'], delete: true },
  delivery_recipient: { insert: true, update: ['not_before_ms', 'failures', 'holder'] },
  taken_delivery: { insert: true, delete: true },
};
