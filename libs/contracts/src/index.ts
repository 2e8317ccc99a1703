export {
  AnswerContentSchema,
  AnswerSchema,
  HeaderSchema,
  OpeningSchema,
  RequestContentSchema,
  RequestSchema,
  SealedSchema,
  type Answer,
  type AnswerContent,
  type Header,
  type Opening,
  type Request,
  type RequestContent,
  type Sealed,
} from './generated/kerege/exchange/v1/exchange_pb.js';
export { LeafSchema, ReceiptsSchema, type Leaf, type Receipts } from './generated/kerege/audit/v1/audit_pb.js';
export {
  DeliverySchema,
  OpeningContentSchema,
  OpeningEnd,
  OpeningSchema as SealedOpeningSchema,
  UnopenedSchema,
  type Delivery as DeliveryRecord,
  type Opening as SealedOpening,
  type OpeningContent,
  type Unopened,
} from './generated/kerege/feedback/v1/feedback_pb.js';
export { ManifestSchema, type Manifest } from './generated/kerege/registry/v1/registry_pb.js';
export { create as message, fromBinary as decode, toBinary as encode } from '@bufbuild/protobuf';
export {
  correctionTopic,
  deadTopic,
  fixedTopics,
  receiptTopic,
  replyTopic,
  requestTopic,
  type TopicSpec,
} from './topics.js';
export { joinReceipts } from './join-receipts.js';
export { principalOf, rightKey, rightsByHand, type BusRight } from './bus-right.js';
