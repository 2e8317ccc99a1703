import { XMLParser } from 'fast-xml-parser';
import { xroadRequestHash } from '#signing';
import { asClient, CLIENT, OPENAPI_JSON, PROVIDER, startEdge, type Edge } from './xroad-edge.js';

let edge: Edge;
beforeAll(async () => void (edge = await startEdge()));
afterAll(() => edge.close());
beforeEach(() => {
  edge.fresh = true;
  edge.exchanges.requests.length = 0;
});
const call = (path: string, headers: [string, string][] = []) => edge.call(asClient(PROVIDER + path, { headers }));
const accept = (type: string) => ({ headers: [['Accept', type]] as [string, string][] });

const persons = {
  object_type: 'SERVICE',
  service_type: 'OPENAPI',
  xroad_instance: 'DEMO',
  member_class: 'GOV',
  member_code: '1001',
  subsystem_code: 'population',
  service_code: 'persons',
};
const MEMBER = { object_type: 'MEMBER', xroad_instance: 'DEMO', member_class: 'GOV' };
const SUBSYSTEM = { ...MEMBER, object_type: 'SUBSYSTEM' };

describe('exchange.md \u00a72.8, listClients', () => {
  it('is JSON where Accept says so, without any client named', async () => {
    const answer = await edge.call({ target: '/listClients', ...accept('application/json') });
    expect([answer.status, answer.header('Content-Type')]).toEqual([200, 'application/json; charset=utf-8']);
    expect(JSON.parse(answer.body)).toEqual({
      member: [
        { id: { ...MEMBER, member_code: '1000' }, name: 'Portal & Co' },
        {
          id: { ...SUBSYSTEM, member_code: '1000', subsystem_code: 'mygov' },
          name: 'Portal & Co',
          subsystem_name: 'State <Portal>',
        },
        { id: { ...MEMBER, member_code: '1001' }, name: 'Population Register' },
        { id: { ...SUBSYSTEM, member_code: '1001', subsystem_code: 'population' }, name: 'Population Register' },
        { id: { ...SUBSYSTEM, member_code: '1001', subsystem_code: "(odd)+name'=1" }, name: 'Population Register' },
      ],
    });
  });

  it('is XML otherwise', async () => {
    for (const headers of [[], [['Accept', 'text/html']]] as [string, string][][]) {
      const answer = await edge.call({ target: '/listClients', headers });
      expect([answer.status, answer.header('Content-Type')]).toEqual([200, 'text/xml']);
      const { 'xroad:clientList': list } = new XMLParser({ ignoreAttributes: false, parseTagValue: false }).parse(
        answer.body,
      );
      expect(list['xroad:member']).toHaveLength(5);
      expect(list['xroad:member'][1]).toEqual({
        'xroad:id': {
          '@_id:objectType': 'SUBSYSTEM',
          'id:xRoadInstance': 'DEMO',
          'id:memberClass': 'GOV',
          'id:memberCode': '1000',
          'id:subsystemCode': 'mygov',
        },
        'xroad:name': 'Portal & Co',
        'xroad:subsystemName': 'State <Portal>',
      });
    }
  });

  it('takes the local instance and knows no other', async () => {
    expect((await edge.call({ target: '/listClients?xRoadInstance=DEMO' })).status).toBe(200);
    const foreign = await edge.call({ target: '/listClients?xRoadInstance=EE', ...accept('text/xml') });
    expect([foreign.status, foreign.header('X-Road-Error'), foreign.header('Content-Type')]).toEqual([
      500,
      'server.clientproxy.unknown_member',
      'text/xml;charset=utf-8',
    ]);
  });

  it('is refused with an expired registry', async () => {
    edge.fresh = false;
    expect((await edge.call({ target: '/listClients' })).header('X-Road-Error')).toBe(
      'server.clientproxy.global_conf_outdated',
    );
    expect((await call('/listMethods')).header('X-Road-Error')).toBe('server.clientproxy.global_conf_outdated');
  });
});

describe('exchange.md \u00a72.8, listMethods and allowedMethods', () => {
  it('lists all services of the provider with endpoints in X-Road\u2019s spelling', async () => {
    const answer = await call('/listMethods');
    expect([answer.status, answer.header('Content-Type')]).toEqual([200, 'application/json; charset=utf-8']);
    const { service } = JSON.parse(answer.body);
    expect(service.map((entry: typeof persons) => entry.service_code)).toEqual([
      'persons',
      'plain',
      'in-json',
      'not-openapi',
      'altered',
      'lost',
    ]);
    expect(service[0]).toEqual({
      ...persons,
      endpoint_list: [
        { method: 'GET', path: '/*' },
        { method: 'GET', path: '/*/address' },
        { method: 'POST', path: '/match' },
      ],
    });
    expect(service[1].service_type).toBe('REST');
  });

  it('lists as allowed what an agreement in force names', async () => {
    expect(JSON.parse((await call('/allowedMethods')).body)).toEqual({
      service: [{ ...persons, endpoint_list: [{ method: 'GET', path: '/*' }] }],
    });
  });

  it('says so of a provider without services, and of one that is unknown', async () => {
    const empty = await edge.call(asClient('/r1/DEMO/GOV/1000/mygov/listMethods'));
    expect(JSON.parse(empty.body)).toEqual({ service: [] });
    const unknown = await edge.call(asClient('/r1/DEMO/GOV/1000/nobody/listMethods'));
    expect(unknown.header('X-Road-Error')).toBe('server.clientproxy.unknown_member');
  });

  it('is a call like any other: client, X-Road headers, hash over the head; but no exchange', async () => {
    const answer = await call('/listMethods', [
      ['X-Road-Id', 'id-1'],
      ['X-Road-UserId', 'EE1'],
      ['Accept', '*/*'],
    ]);
    expect(answer.header('x-road-id')).toBe('id-1');
    expect(answer.header('x-road-client')).toBe(CLIENT);
    expect(answer.header('x-road-service')).toBe('DEMO/GOV/1001/population/listMethods');
    const headers = [
      ['X-Road-Client', CLIENT],
      ['X-Road-Id', 'id-1'],
      ['X-Road-UserId', 'EE1'],
      ['Accept', '*/*'],
      ['x-road-request-id', answer.header('x-road-request-id')!],
    ].map(([name = '', value = '']) => ({ name, value }));
    const hash = xroadRequestHash({ method: 'GET', target: `${PROVIDER}/listMethods`, headers, body: Buffer.alloc(0) });
    expect(answer.header('x-road-request-hash')).toBe(hash.toString('base64'));
    // X-Road's own implementation copies the request's headers into the answer: not copied here.
    for (const name of ['Kerege-Exchange-Id', 'Link', 'X-Road-UserId', 'Accept'])
      expect(answer.header(name)).toBeUndefined();
    expect(edge.exchanges.requests).toHaveLength(0);
    expect((await edge.call({ target: `${PROVIDER}/listMethods` })).header('X-Road-Error')).toBe(
      'server.clientproxy.invalid_client_identifier',
    );
  });

  it.each(['POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'])(
    'treats %s …/listMethods as a service like any other',
    async (method) => {
      await edge.call(asClient(`${PROVIDER}/listMethods`, { method }));
      expect(edge.exchanges.last?.target.serviceCode).toBe('listMethods');
    },
  );

  it.each([
    'getWsdl',
    'getSecurityServerMetrics',
    'getSecurityServerOperationalData',
    'getSecurityServerHealthData',
    'listClients',
  ])('treats GET …/%s, which has no meaning in REST, as a service like any other', async (code) => {
    await call(`/${code}`);
    expect(edge.exchanges.last?.target.serviceCode).toBe(code);
  });
});

describe('exchange.md \u00a72.8, getOpenAPI', () => {
  it('is the document in its own format, with its own type and no server of the provider', async () => {
    for (let round = 0; round < 2; round += 1) {
      const yaml = await call('/getOpenAPI?serviceCode=persons');
      expect([yaml.status, yaml.header('Content-Type')]).toEqual([200, 'application/yaml']);
      expect(yaml.body).not.toMatch(/10\.0\.0/);
      expect(yaml.body.match(/http:\/\/example\.org\/xroad-endpoint/g)).toHaveLength(3);
      expect(yaml.body).toContain('# a comment that stays');
    }
    const json = await call('/getOpenAPI?serviceCode=in-json');
    expect(json.header('Content-Type')).toBe('application/json');
    expect(JSON.parse(json.body)).toEqual({
      ...JSON.parse(OPENAPI_JSON),
      servers: [{ url: 'http://example.org/xroad-endpoint' }],
    });
  });

  it.each([
    ['', 'invalid_request', 'service-code-missing', 400],
    ['?serviceCode=', 'invalid_request', 'service-code-missing', 400],
    ['?serviceCode=persons&serviceCode=plain', 'invalid_request', 'service-code-missing', 400],
    ['?serviceCode=none', 'unknown_service', 'unknown-service', 404],
    ['?serviceCode=plain', 'internal_error', 'openapi-missing', 404],
    ['?serviceCode=not-openapi', 'internal_error', 'openapi-missing', 404],
    ['?serviceCode=altered', 'internal_error', 'openapi-altered', 500],
    ['?serviceCode=lost', 'internal_error', 'openapi-unavailable', 503],
  ])('%s is refused as %s', async (query, fault, code, status) => {
    const answer = await call(`/getOpenAPI${query}`);
    expect([answer.status, answer.header('X-Road-Error')]).toEqual([500, `server.clientproxy.${fault}`]);
    const native = await call(`/getOpenAPI${query}`, [['Accept', 'application/problem+json']]);
    expect([native.status, JSON.parse(native.body).code]).toEqual([status, code]);
  });
});
