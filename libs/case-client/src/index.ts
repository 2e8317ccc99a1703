export { caseClientErrors } from './case-client.errors.js';
export {
  CaseClient,
  newSalt,
  unopened,
  type CaseClientParts,
  type CasesQuery,
  type NewValue,
  type ReadCase,
  type SealingKeyOf,
  type ToldNotice,
  type WordedAct,
} from './case-client.service.js';
export type { Acknowledgement } from './expected-statement.js';
export { nextActs } from './next-acts.js';
export type { OpenedRequest, RequestFlaw } from './open-request.js';
export type { OwedFlags, Standing } from './standing.js';
