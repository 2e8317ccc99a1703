export type {
  BatchSubscription,
  Bus,
  EachSubscription,
  OutgoingRecord,
  ReceivedRecord,
  StartAt,
  Subscription,
} from './bus.js';
export { busErrors } from './bus.errors.js';
export { partitionOf } from './partition-of.js';
export { deadLetterRecord } from './dead-letter.js';
export { silentLogger, type BusLogger } from './logger.js';
export { createInProcessBus, type InProcessBusOptions } from './in-process/in-process-bus.js';
export { connectKafkaBus, type KafkaBusOptions } from './kafka/kafka-bus.js';
