import { describe, expect, it } from '@jest/globals';
import { FILTERED_FROM_ANSWERS, FILTERED_HEADERS } from '#access';
import { filterAnswerHeaders, filterRequestHeaders, lastValue } from './header-rules.js';

const header = (name: string, value = 'v') => ({ name, value });
const kept = [header('Accept'), header('accept', 'w'), header('X-Road-UserId')];

describe('headers of a request', () => {
  it.each([
    ...FILTERED_HEADERS,
    'x-road-request-id',
    'x-road-request-hash',
    'kerege-end-user',
    'idempotency-key',
    'kerege-concealment',
  ])('go on without %s, in order and spelling', (name) => {
    expect(filterRequestHeaders([header(name), ...kept, header(name.toUpperCase())])).toEqual(kept);
  });

  it.each(['X-Road-Client', 'X-Road-Id'])('hold only the last %s, and none that is empty', (name) => {
    const several = [header(name, 'a'), ...kept, header(name.toLowerCase(), 'b')];
    expect(filterRequestHeaders(several)).toEqual([...kept, header(name.toLowerCase(), 'b')]);
    expect(filterRequestHeaders([header(name, ' ')])).toEqual([]);
  });

  it('go on without a token for the gateways, good or not, and with all other Authorization', () => {
    const token = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.AAAA`;
    const ours = token({ aud: 'urn:kerege:gateways:TEST' });
    const others = ['Basic YTpi', 'Bearer opaque', `Bearer ${token({ aud: 'https://agency.example' })}`];
    const forAgency = others.map((value) => header('Authorization', value));
    const forUs = [
      header('Authorization', `Bearer ${ours}`),
      header('authorization', `bearer   ${ours} `),
      // However it is spelt, it would open the gateways to the agency.
      ...[`DPoP ${ours}`, `Bearer\t${ours}`, `Bearer ${ours}, x`, ours].map((value) => header('Authorization', value)),
    ];
    expect(filterRequestHeaders([...forUs, ...forAgency, ...kept])).toEqual([...forAgency, ...kept]);
  });
});

describe('headers of an answer', () => {
  it.each([...FILTERED_FROM_ANSWERS, 'x-road-error', 'kerege-exchange-id'])(
    'go on without the provider’s %s',
    (name) => {
      expect(filterAnswerHeaders([header(name.toUpperCase()), ...kept])).toEqual(kept);
    },
  );

  it('go on with the connector’s word on what is disputed', () => {
    const disputed = [header('Kerege-Disputed', 'a;since=2026-11-27'), header('Kerege-Disputed', 'b;since=2026-11-27')];
    expect(filterAnswerHeaders(disputed)).toEqual(disputed);
  });
});

it('the last value of a header counts, if it is any', () => {
  expect(lastValue([header('A', '1'), header('a', ' 2 ')], 'a')).toBe('2');
  expect(lastValue([header('A', '1'), header('a', ' ')], 'a')).toBeUndefined();
  expect(lastValue([], 'a')).toBeUndefined();
});
