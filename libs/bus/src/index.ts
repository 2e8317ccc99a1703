export type {
  BatchSubscription,
  Bus,
  BusAccess,
  BusState,
  EachSubscription,
  GrantedRights,
  OutgoingRecord,
  PartitionState,
  ReceivedRecord,
  StartAt,
  Subscription,
  SubscriptionState,
} from './bus.js';
export { busErrors } from './bus.errors.js';
export { partitionOf } from './partition-of.js';
export { deadLetterRecord } from './dead-letter.js';
export { silentLogger, type BusLogger } from './logger.js';
export { createInProcessBus, type InProcessBusOptions } from './in-process/in-process-bus.js';
export { connectKafkaBus, type KafkaBusOptions } from './kafka/kafka-bus.js';
export { kafkaPlace, type KafkaPlace, type KafkaPlaceSettings } from './kafka/kafka-place.js';
export type { KafkaTlsFiles } from './kafka/kafka-tls.js';
export { BusContext } from './nest/bus-context.js';
export { BusServer, type BusRoute, type BusServerOptions } from './nest/bus-server.js';
export { BUS, BusModule } from './nest/bus.module.js';
