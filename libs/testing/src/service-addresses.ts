/**
 * Where the services of this test run are. Written by the global set-up into its environment, which Jest's workers
 * inherit, and read in specs. `DATABASE_URL` and `KAFKA_BROKERS` are used instead of services of our own if given.
 */
export interface ServiceAddresses {
  readonly databaseUrl: string;
  readonly kafkaBrokers: string;
}

const DATABASE = 'KEREGE_TEST_DATABASE_URL';
const KAFKA = 'KEREGE_TEST_KAFKA_BROKERS';

export function givenAddresses(): Partial<ServiceAddresses> {
  return {
    ...(process.env['DATABASE_URL'] ? { databaseUrl: process.env['DATABASE_URL'] } : {}),
    ...(process.env['KAFKA_BROKERS'] ? { kafkaBrokers: process.env['KAFKA_BROKERS'] } : {}),
  };
}

export function publishAddresses({ databaseUrl, kafkaBrokers }: ServiceAddresses): void {
  process.env[DATABASE] = databaseUrl;
  process.env[KAFKA] = kafkaBrokers;
}

/** Undefined outside a run with the global set-up, that is, in unit specs. */
export function serviceAddresses(): ServiceAddresses | undefined {
  const databaseUrl = process.env[DATABASE];
  const kafkaBrokers = process.env[KAFKA];
  return databaseUrl === undefined || kafkaBrokers === undefined ? undefined : { databaseUrl, kafkaBrokers };
}
