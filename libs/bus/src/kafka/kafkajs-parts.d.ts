// Parts of kafkajs 2.2.4 that it does not declare; each is narrowed where it is used.
declare module 'kafkajs/src/cluster/brokerPool.js' {
  const found: unknown;
  export default found;
}
declare module 'kafkajs/src/consumer/consumerGroup.js' {
  const found: unknown;
  export default found;
}
declare module 'kafkajs/src/network/requestQueue/index.js' {
  const found: unknown;
  export default found;
}
declare module 'kafkajs/src/protocol/decoder.js' {
  const found: unknown;
  export default found;
}
