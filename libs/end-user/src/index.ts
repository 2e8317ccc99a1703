export { AssertionMemory } from './assertion-memory.js';
export { MAX_ASSERTION_CHARACTERS, type AssertionReason } from './assertion.js';
export { kindOfPerson, type EndUser } from './person.js';
export { verifyEndUser, type EndUserQuestion } from './verify-end-user.js';
