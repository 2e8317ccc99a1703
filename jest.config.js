const base = {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '@swc/jest' },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  roots: ['<rootDir>/apps', '<rootDir>/libs', '<rootDir>/test'],
};
/** Integration specs share one real PostgreSQL and one real Kafka, started once per run. */
const services = {
  globalSetup: '<rootDir>/libs/testing/src/global-setup.ts',
  globalTeardown: '<rootDir>/libs/testing/src/global-teardown.ts',
};
export default {
  testSequencer: '<rootDir>/test/slow-first.mjs',
  coverageProvider: 'v8',
  collectCoverageFrom: ['{apps,libs}/*/src/**/*.ts', '!**/*spec.ts', '!**/main.ts', '!**/index.ts', '!**/generated/**'],
  projects: [
    { ...base, displayName: 'unit', testRegex: '\\.spec\\.ts$' },
    { ...base, ...services, displayName: 'integration', testRegex: '\\.integration-spec\\.ts$' },
    // These start a whole bus of their own; fault specs also kill and flood it.
    { ...base, displayName: 'system', testRegex: '\\.system-spec\\.ts$' },
    { ...base, displayName: 'fault', testRegex: '\\.fault-spec\\.ts$' },
  ],
};
