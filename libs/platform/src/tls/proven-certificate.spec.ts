import { expect, test } from '@jest/globals';
import { forgetCertificate, provenCertificateOf, rememberCertificate } from './proven-certificate.js';

test('a certificate counts while it holds, on its own connection, until it is forgotten', () => {
  const connection = {};
  rememberCertificate(connection, { sha256: 'ab', fromMs: 10, untilMs: 20 });
  expect([9, 10, 19, 20].map((nowMs) => provenCertificateOf(connection, nowMs))).toEqual([
    undefined,
    'ab',
    'ab',
    undefined,
  ]);
  expect(provenCertificateOf({}, 15)).toBeUndefined();
  forgetCertificate(connection);
  expect(provenCertificateOf(connection, 15)).toBeUndefined();
});
