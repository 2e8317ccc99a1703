import { defineErrors } from '#kernel';

/** Codes of the gateway's own; reasons of right and context are `#access`'s, those of providers in its `outcome.ts`. */
export const exchangeErrors = defineErrors('exchange', {
  'registry-expired': {
    kind: 'unavailable',
    fault: 'global_conf_outdated',
    message: 'The copy of the registry has run out, so no right can be checked.',
    next: 'Try again later; the operator must bring the registry back.',
  },
  'gateway-starting': {
    kind: 'unavailable',
    message: 'The gateway does not hear answers yet.',
    next: 'Try again after Retry-After.',
  },
  'gateway-busy': {
    kind: 'unavailable',
    message: 'The gateway has as many exchanges under way as it takes.',
    next: 'Try again after Retry-After.',
  },
  'rate-exceeded': {
    kind: 'unavailable',
    status: 429,
    message: 'Calls come faster than the agreement allows.',
    next: 'Try again after Retry-After; RateLimit-Policy and GET /v1/explain show the agreed rate.',
  },
  'sweep-braked': {
    kind: 'unavailable',
    status: 429,
    message: 'The consumer asks about more different persons in an hour than the agreement takes for normal.',
    next: 'Go on after Retry-After with less. If so many persons are right, ask the provider to say so in the agreement.',
  },
  'log-distrusted': {
    kind: 'unavailable',
    message:
      'The log contradicts what this gateway remembers of it, so its receipts prove nothing and nothing is released.',
    next: 'The operator of the gateway must find out what happened to the log: its /status says how it differs.',
  },
  'database-unavailable': {
    kind: 'unavailable',
    message: 'The gateway cannot record exchanges, so it sends none.',
    next: 'Try again after Retry-After; the operator must bring the database back.',
  },
  'consumer-stopped': {
    kind: 'unavailable',
    message: 'The published keys of this consumer are not those that its gateway holds, so its traffic is stopped.',
    next: "Ask the consumer's administrator to compare the published keys with the gateway's.",
  },
  'idempotency-key-reused': {
    kind: 'conflict',
    fault: 'invalid_request',
    message: 'This idempotency key was used for another call within 24 hours.',
    next: 'Use a new key for a new call.',
  },
  'exchange-ended': {
    kind: 'conflict',
    fault: 'invalid_request',
    message: 'The exchange of this idempotency key has ended; its answer is not kept.',
    next: 'Look at the outcome that is named; use a new key to call again.',
  },
  'exchange-open': {
    kind: 'conflict',
    fault: 'invalid_request',
    message: 'The exchange of this idempotency key has not ended yet.',
    next: 'Repeat the call with the same key later to learn its outcome.',
  },
  'outcome-pending': {
    kind: 'unavailable',
    message: 'The outcome of this exchange could not be recorded, so none is claimed.',
    next: 'Ask for the exchange by its id later.',
  },
  'gateway-closing': {
    kind: 'unavailable',
    message: 'The gateway is closing.',
    next: 'Send the call again.',
  },
  'exchange-unknown': {
    kind: 'not-found',
    message: 'There is no such exchange of this consumer.',
    next: 'Check the id and X-Road-Client; rows are kept for 30 days at most.',
  },
});
