import { defineErrors } from '#kernel';

export const concealmentErrors = defineErrors('feedback-concealment', {
  'order-unsound': {
    kind: 'invalid',
    message: 'This is no statement of concealment that the subsystem has signed; "problem" says why.',
    next: 'Make it with "kerege conceal", with a key that the registry publishes for the subsystem.',
  },
  'order-unentitled': {
    kind: 'refused',
    status: 403,
    message: 'This order counts for nothing here; "problem" says why.',
    next: 'An authority of KEREGE_FEEDBACK_CONCEALMENT_AUTHORITIES orders, a subsystem of the member that runs feedback countersigns; neither alone.',
  },
  'order-term': {
    kind: 'invalid',
    message: 'The order has ended, or ends later than an order may.',
    next: 'Give an end that lies ahead, at most KEREGE_FEEDBACK_CONCEALMENT_MAX_MS from now.',
  },
  'order-unknown': {
    kind: 'not-found',
    message: 'No order with that id stands in the log for this subsystem.',
    next: 'Ask again in a few seconds if it was just given; else compare the id with the one that the authority was told.',
  },
});
