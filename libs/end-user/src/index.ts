export { AssertionMemory } from './assertion-memory.js';
export type { AssertionReason } from './assertion.js';
export { kindOfPerson, type EndUser } from './person.js';
export {
  MAX_PRESENTATION_CHARACTERS,
  verifyEndUser,
  type EndUserQuestion,
  type PresentationReason,
} from './verify-end-user.js';
export {
  checkLinkTicket,
  LINK_TICKET_MS,
  signLinkTicket,
  type LinkQuestion,
  type LinkReason,
  type LinkTicket,
} from './link-ticket.js';
