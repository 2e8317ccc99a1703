import { logOrigin, nextLogOrigins, PORT_SPAN, portsFrom, secondPortsFrom } from './layout.js';
import { appPlans, identityProviderPlan, secondPlans, timeAuthorityPlan, witnessPlans } from './app-plan.js';

describe('the layout of the sandbox', () => {
  it('has the ports of sandbox.md §1', () => {
    expect(portsFrom(8080)).toEqual({
      gateway: 8080,
      cn1: 8090,
      cn2: 8091,
      audit: 8100,
      registry: 8110,
      feedback: 8120,
      population: 8141,
      cadastre: 8142,
      benefits: 8143,
      clinic: 8144,
      portal: 8145,
      mail: 8146,
      identityProvider: 8150,
      kafka: 8180,
      kafkaController: 8181,
      postgres: 8190,
      witness1: 8201,
      witness2: 8202,
      time1: 8203,
      time2: 8204,
    });
  });

  it('shifts all of them together and stays within its span', () => {
    const moved = Object.values(portsFrom(9080));
    expect(moved).toEqual(Object.values(portsFrom(8080)).map((port) => port + 1000));
    expect(Math.max(...moved)).toBeLessThan(9080 + PORT_SPAN);
  });

  it('has ports for second processes that nobody else has', () => {
    const all = [...Object.values(portsFrom(8080)), ...Object.values(secondPortsFrom(8080))];
    expect(new Set(all).size).toBe(all.length);
  });

  it('names the log after the half-year', () => {
    expect(logOrigin(Date.UTC(2026, 10, 22))).toBe('audit.demo.example/DEMO/0/2026h2');
    expect(logOrigin(Date.UTC(2027, 5, 30))).toBe('audit.demo.example/DEMO/0/2027h1');
    expect(logOrigin(Date.UTC(2027, 6, 1))).toBe('audit.demo.example/DEMO/0/2027h2');
  });

  it('foresees the windows that may follow', () => {
    const names = (nowMs: number) => nextLogOrigins(logOrigin(nowMs), nowMs).map((origin) => origin.split('/').at(-1));
    expect(names(Date.UTC(2026, 10, 22))).toEqual(['2026h2-2', '2027h1']);
    expect(names(Date.UTC(2027, 5, 30))).toEqual(['2027h1-2', '2027h2']);
  });
});

describe('the plan of the apps', () => {
  const inputs = {
    exportDir: '/data/export',
    ports: portsFrom(8080),
    dataDir: '/data',
    keysDir: '/data/keys',
    trustFile: '/data/trust.json',
    logOrigin: 'audit.demo.example/DEMO/0/2026h2',
    databaseUrl: 'postgres://u:p@127.0.0.1:8190/kerege',
    kafkaBrokers: '127.0.0.1:8180',
  };
  const plans = appPlans(inputs);

  it('lets each process come to the broker under its own name, where the broker is ours', () => {
    const place = (name: string) => ({ caFile: '/t/ca.pem', certFile: `/t/${name}.pem`, keyFile: `/t/${name}.key` });
    const names = ['registry1', 'audit1', 'feedback1', 'gw1', 'gw2', 'cn1', 'cn2'].map((id) => `DEMO.${id}`);
    const secured = { ...inputs, kafkaTls: Object.fromEntries(names.map((name) => [name, place(name)])) };
    const { agencies, ...apps } = appPlans(secured);
    expect(Object.values(apps).map(({ env }) => env['KAFKA_TLS_KEY'])).toEqual(
      ['registry1', 'audit1', 'feedback1', 'gw1', 'cn1', 'cn2'].map((id) => `/t/DEMO.${id}.key`),
    );
    expect(Object.keys(agencies.env).filter((name) => name.startsWith('KAFKA'))).toEqual([]);
    const seconds = Object.values(secondPlans({ agencies, ...apps }, secondPortsFrom(8080), secured));
    expect(seconds.map(({ env }) => env['KAFKA_TLS_CERT'])).toEqual(
      ['gw2', 'cn1', 'cn2', 'audit1'].map((id) => `/t/DEMO.${id}.pem`),
    );
    expect(Object.keys(plans.gateway.env).filter((name) => name.startsWith('KAFKA_TLS'))).toEqual([]);
  });

  it('binds everything to loopback', () => {
    expect(Object.values(plans).map((plan) => plan.env['KEREGE_HOST'])).toEqual(Array(7).fill('127.0.0.1'));
  });

  it('gives each connector the agencies of the subsystems that it serves, and no others', () => {
    expect(plans.cn1.env['KEREGE_CONNECTOR_AGENCIES']).toBe(
      'DEMO/GOV/1001/population/persons=http://127.0.0.1:8141/persons,' +
        'DEMO/GOV/1002/cadastre/properties=http://127.0.0.1:8142/properties,' +
        'DEMO/GOV/1009/operator/usage=http://127.0.0.1:8120/usage',
    );
    expect(plans.cn2.env['KEREGE_CONNECTOR_AGENCIES']).toBe(
      'DEMO/GOV/1003/benefits/entitlements=http://127.0.0.1:8143/entitlements,' +
        'DEMO/COM/2001/clinic/visits=http://127.0.0.1:8144/visits',
    );
  });

  it('gives the agencies nothing of the bus: no keys, no brokers, no database', () => {
    expect(Object.keys(plans.agencies.env).filter((name) => !/^KEREGE_(HOST|AGENCY_)/.test(name))).toEqual([]);
  });

  it('gives the identity provider nothing of the bus but the folder of keys', () => {
    expect(identityProviderPlan(inputs)).toMatchObject({
      env: {
        KEREGE_HOST: '127.0.0.1',
        KEREGE_IDENTITY_PROVIDER_PORT: '8150',
        KEREGE_KEYS_DIR: '/data/keys',
      },
      liveUrl: 'http://127.0.0.1:8150/live',
    });
  });

  it('tells audit of the time-stamp authorities if there are any, and starts them beside it', () => {
    expect(plans.audit.env).not.toHaveProperty('KEREGE_AUDIT_TIME_AUTHORITIES');
    expect(timeAuthorityPlan(inputs)).toBeUndefined();
    const timed = { ...inputs, timeAuthorityDir: '/data/time-authority' };
    expect(appPlans(timed).audit.env['KEREGE_AUDIT_TIME_AUTHORITIES']).toBe(
      'sandbox-time-1=http://127.0.0.1:8203/,sandbox-time-2=http://127.0.0.1:8204/',
    );
    expect(timeAuthorityPlan(timed)?.env).toEqual({
      KEREGE_HOST: '127.0.0.1',
      KEREGE_TIME_AUTHORITY_DIR: '/data/time-authority',
      KEREGE_TIME_AUTHORITY_1_PORT: '8203',
      KEREGE_TIME_AUTHORITY_2_PORT: '8204',
    });
  });

  it('gives each process its own folder for what it remembers of the log', () => {
    const all = [...Object.values(plans), ...Object.values(secondPlans(plans, secondPortsFrom(8080), inputs))];
    const folders = all.flatMap(({ env }) => env['KEREGE_LOG_NOTES_DIR'] ?? []);
    expect(folders).toHaveLength(7);
    expect(new Set(folders).size).toBe(7);
  });

  it('gives the witnesses nothing of the bus, and audit their addresses', () => {
    const witnesses = witnessPlans({ ports: portsFrom(8080), dataDir: '/data', keysDir: '/k', trustFile: '/t.json' });
    expect(Object.values(witnesses).map(({ env, liveUrl }) => [env, liveUrl])).toEqual([
      [{}, 'http://127.0.0.1:8201/live'],
      [{}, 'http://127.0.0.1:8202/live'],
    ]);
    expect(witnesses.witness1.args?.join(' ')).toBe(
      '--port 8201 --name witness1.demo.example --key /k/DEMO.witness1.jwk --trust /t.json --data /data/witnesses/witness1',
    );
    expect(plans.audit.env['KEREGE_AUDIT_WITNESSES']).toBe(
      'witness1=http://127.0.0.1:8201,witness2=http://127.0.0.1:8202',
    );
  });

  it('lets second processes stand in under the identity of the first, but for the gateway', () => {
    const seconds = Object.values(secondPlans(plans, secondPortsFrom(8080), inputs));
    expect(seconds.map(({ name, env }) => [name, env['KEREGE_PORT'], env['KEREGE_INSTANCE_ID']])).toEqual([
      ['gateway2', '8081', 'DEMO/gw2'],
      ['cn1b', '8092', 'DEMO/cn1'],
      ['cn2b', '8093', 'DEMO/cn2'],
      ['audit2', '8101', 'DEMO/audit1'],
    ]);
  });
});
