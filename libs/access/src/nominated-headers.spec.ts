import { nominatedHeaders, nominatesNeeded } from './filtered-headers.js';

const connection = (...values: string[]) => values.map((value) => ({ name: 'Connection', value }));

it('knows the fields that are for this hop alone, wherever they are named', () => {
  expect([...nominatedHeaders(connection('close, X-Hop', ' x-other ,,Keep-Alive'))]).toEqual(['x-hop', 'x-other']);
  expect(nominatedHeaders([{ name: 'X-Hop', value: 'connection' }]).size).toBe(0);
});

it.each([
  'X-Road-Client',
  'kerege-subject',
  'Idempotency-Key',
  'Content-Type',
  'authorization',
  'Host',
  'Transfer-Encoding',
])('does not let a caller declare %s to be for this hop alone', (name) =>
  expect(nominatesNeeded(connection(`close, ${name}`))).toBe(true),
);

it.each(['close', 'keep-alive', 'Upgrade, HTTP2-Settings', 'TE', 'X-My-Own'])('lets %s', (value) =>
  expect(nominatesNeeded(connection(value))).toBe(false),
);
