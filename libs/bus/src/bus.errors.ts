import { defineErrors } from '#kernel';

/** What can go wrong between an app and the broker. */
export const busErrors = defineErrors('bus', {
  'bus-unavailable': {
    kind: 'unavailable',
    message: 'The message bus does not answer.',
    next: 'Retry after some seconds. The operator checks that Kafka runs at KAFKA_BROKERS and can be reached, and whether it asks for TLS (KAFKA_TLS_CA, KAFKA_TLS_CERT, KAFKA_TLS_KEY).',
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
    next: 'The operator reads the log line for the broker’s reason: size limit of the topic, or a record that is not as it should be.',
  },
  'bus-access-denied': {
    kind: 'broken',
    message: 'The message bus does not allow this process what it wants there.',
    next: 'The operator compares the common name of the certificate (KAFKA_TLS_CERT) with this process’s identifier, and the access lists with docs/security.md; the registry writes them with its newest snapshot.',
  },
  'bus-tls-refused': {
    kind: 'unavailable',
    message: 'This process and the message bus do not believe each other’s certificate.',
    next: 'The operator checks that KAFKA_TLS_CA is the authority of the broker’s certificate, that the broker believes the authority of KAFKA_TLS_CERT, and that neither certificate has ended; the log line has the reason.',
  },
  'bus-tls-files': {
    kind: 'invalid',
    message: 'The files for TLS with Kafka cannot be used.',
    next: 'Correct what is listed: KAFKA_TLS_CA, KAFKA_TLS_CERT and KAFKA_TLS_KEY name three PEM files that belong together (docs/operations/kafka-access.md).',
  },
  'bus-key-file-mode': {
    kind: 'refused',
    message: 'The private key for Kafka can be read by others than its owner.',
    next: 'Make it its owner’s alone as listed; if others may have read it, have a new certificate issued (docs/operations/kafka-access.md).',
  },
  'bus-plaintext-refused': {
    kind: 'refused',
    message: 'Kafka would be spoken without TLS to another machine.',
    next: 'Set KAFKA_TLS_CA, KAFKA_TLS_CERT and KAFKA_TLS_KEY, or KAFKA_PLAINTEXT=true if the way there is protected otherwise.',
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
