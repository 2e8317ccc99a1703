export { afterAttempt, type NextStep, type RetryRule } from './after-attempt.js';
export { backOffMs, type BackOff } from './back-off.js';
export { createDeliveries, deliveriesAccess, dropDeliveries } from './deliveries-schema.js';
export { deliveryErrors } from './deliveries.errors.js';
export { deliveryStates } from './delivery.js';
export type { Delivery, DeliveryState, KeptDelivery, OutgoingDelivery, SendOutcome } from './delivery.js';
export { DeliveryWorker, type DeliveryRule, type DeliveryWorkerParts, type ToldAttempt } from './delivery.worker.js';
export { Inbox } from './inbox.store.js';
export { QUESTION_KIND, readQuestion, type QuestionContent } from './question-content.js';
export { Outbox, type DeliveryPage, type OutboxSizes } from './outbox.store.js';
export {
  deliveryRecord,
  openDelivery,
  readDelivery,
  sealDelivery,
  type DeliveryFlaw,
  type DeliveryHead,
  type ReadDelivery,
} from './sealed-delivery.js';
export {
  CASE_KINDS,
  readCaseInfo,
  readCaseRequest,
  readCaseTold,
  readCaseWords,
  readCorrected,
  readDispute,
  type CaseDeliveryKind,
  type CaseInfoContent,
  type CaseRequestContent,
  type CaseToldContent,
  type CaseWordsContent,
  type CorrectedContent,
  type DisputeContent,
} from './case-content.js';
