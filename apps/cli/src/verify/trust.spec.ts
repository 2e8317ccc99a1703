import { generateSigningKey, publicJwk } from '#signing';
import { makeVkey } from '#tlog';
import { parseTrust } from './trust.js';

const key = generateSigningKey();
const trust = {
  v: 1,
  instance: 'DEMO',
  logs: [makeVkey('audit.test.example/0', Buffer.from(key.x, 'base64url'))],
  registry: [{ ...publicJwk(key), kid: key.kid }],
  witnesses: null,
};

describe('parseTrust', () => {
  it.each([
    ['with roots of time-stamp authorities', { ...trust, timestampRoots: ['-----BEGIN CERTIFICATE-----\n…'] }],
    ['from before there was trusted time', { ...trust, timestampRoots: [] }],
    ['without any word about it', trust],
  ])('takes a file %s', (_what, file) => {
    expect(parseTrust(Buffer.from(JSON.stringify(file)))?.logs.map(({ name }) => name)).toEqual([
      'audit.test.example/0',
    ]);
  });

  it('takes none without a log', () => {
    expect(parseTrust(Buffer.from(JSON.stringify({ ...trust, logs: [] })))).toBeUndefined();
  });
});
