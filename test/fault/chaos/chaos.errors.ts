import { defineErrors } from '#kernel';

export const chaosErrors = defineErrors('chaos', {
  'chaos-not-at-rest': {
    kind: 'broken',
    message: 'The bus did not come back after the last kill',
    next: 'Read the logs of the instance, which are kept',
  },
  'chaos-ledger-short': {
    kind: 'broken',
    message: 'An agency has forgotten calls, so nothing can be judged',
    next: 'Raise KEREGE_AGENCY_LEDGER_SIZE',
  },
});
