export { createDatabase, type TestDatabase } from './database.js';
export { eventually, testingErrors } from './eventually.js';
export { fakeClock, type FakeClock } from './fake-clock.js';
export { isolatedBus } from './isolated-bus.js';
export { processRunner, type AppProcess, type AppProcessOptions, type ProcessRunner } from './process-runner.js';
export { serviceAddresses, type ServiceAddresses } from './service-addresses.js';
export { testBus } from './test-bus.js';
export { uniqueName } from './unique-name.js';
export { buildWorld, signEntry, type World, type WorldOptions } from './builders/world.js';
