import { expect, it } from '@jest/globals';
import { FILTERED_FROM_ANSWERS, FILTERED_HEADERS } from './filtered-headers.js';

// As they stand in the specification (`exchange.md` §2.4).
const BOTH =
  'transfer-encoding, keep-alive, proxy-authenticate, proxy-authorization, te, trailer, upgrade, connection, user-agent, host, content-length, server, expect';
const ANSWERS = 'x-road-id, x-road-client, x-road-request-id, x-road-request-hash, x-road-service';

it('is exactly the set of the specification, in either direction', () => {
  expect([...FILTERED_HEADERS].sort()).toEqual(BOTH.split(', ').sort());
  expect([...FILTERED_FROM_ANSWERS].sort()).toEqual([...BOTH.split(', '), ...ANSWERS.split(', ')].sort());
});
