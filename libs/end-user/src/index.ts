export { AssertionMemory } from './assertion-memory.js';
export { MAX_ASSERTION_CHARACTERS, type AssertionReason } from './assertion.js';
export { kindOfPerson, type EndUser } from './person.js';
export { verifyEndUser, type EndUserQuestion } from './verify-end-user.js';
export {
  checkLinkTicket,
  LINK_TICKET_MS,
  signLinkTicket,
  type LinkQuestion,
  type LinkReason,
  type LinkTicket,
} from './link-ticket.js';
