import { defineErrors } from '#kernel';
import { reasonEntry } from './reason-entry.js';

/** Why a call does not go out, or is refused by the provider, for want of the person's own leave. */
export const linkErrors = defineErrors('links', {
  'link-missing': reasonEntry(
    'link-missing',
    'The agreement allows this endpoint only while the person has allowed it, and they have not.',
    'Have the person allow it through their portal, for this service or purpose.',
  ),
  'link-stale': reasonEntry(
    'link-stale',
    'What feedback said of the person’s leave was too old when the call was made.',
    'Call again; if it stays, compare the clocks of gateway and feedback.',
  ),
  'links-unavailable': {
    kind: 'unavailable',
    fault: 'internal_error',
    message: 'Nobody says now whether the person allows this call, so it is not sent.',
    next: 'Try again after Retry-After; the operator must bring feedback back, and set KEREGE_FEEDBACK_URL.',
  },
});
