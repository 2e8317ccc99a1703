import { defineErrors } from '#kernel';

/** What can go wrong between an app and the broker. */
export const busErrors = defineErrors('bus', {
  'bus-unavailable': {
    kind: 'unavailable',
    message: 'The message bus does not answer.',
    next: 'Retry after some seconds. The operator checks that Kafka runs at KAFKA_BROKERS and can be reached.',
  },
  'bus-overloaded': {
    kind: 'unavailable',
    message: 'Too many records wait to be sent.',
    next: 'Retry after some seconds. The operator looks at the broker’s load and its produce latency.',
  },
  'bus-topic-unknown': {
    kind: 'broken',
    message: 'A topic or partition does not exist on the message bus.',
    next: 'The operator checks that the registry has created the topics of its newest snapshot.',
  },
  'bus-offset-beyond-end': {
    kind: 'broken',
    message: 'A stored offset lies beyond the end of its partition: the topic was made anew or lost records.',
    next: 'The operator finds out what was lost; the app that stored the offset says how to go on.',
  },
  'bus-record-refused': {
    kind: 'broken',
    message: 'The message bus refused a record.',
    next: 'The operator reads the log line for the broker’s reason: size limit of the topic, or missing rights (ACL).',
  },
  'bus-topic-not-created': {
    kind: 'unavailable',
    message: 'A topic could not be created on the message bus.',
    next: 'The operator reads the log line for the broker’s reason and starts the registry again.',
  },
  'bus-closed': {
    kind: 'unavailable',
    message: 'The connection to the message bus has been closed.',
    next: 'The process is stopping; retry at another instance.',
  },
  'bus-pattern-unknown': {
    kind: 'broken',
    message: 'No handler is registered for this topic.',
    next: 'A developer adds an @EventPattern or @MessagePattern handler for the topic, or drops its subscription.',
  },
});
