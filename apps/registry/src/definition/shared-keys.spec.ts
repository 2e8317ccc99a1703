import { expect, test } from '@jest/globals';
import { generateSigningKey, publicJwk, type PrivateJwk } from '#signing';
import { buildWorld } from '#testing';
import { sharedKeys } from './shared-keys.js';

const DATES = { from: '2026-01-01', until: '2026-12-31' };
const key = generateSigningKey();

async function documentsWith(mygov: readonly object[], population: readonly object[]) {
  const world = await buildWorld({
    definition: (text) =>
      text
        .replace('{ code: mygov }', `{ code: mygov, credentials: ${JSON.stringify(mygov)} }`)
        .replace('code: population\n', `code: population\n        credentials: ${JSON.stringify(population)}\n`),
  });
  return [...world.documents.values()];
}

const ofKey = (jwk: PrivateJwk) => ({ key: publicJwk(jwk), ...DATES });

test('a key with which two subsystems would prove themselves is one too many', async () => {
  const shared = sharedKeys(await documentsWith([ofKey(key)], [ofKey(key)]));
  expect(shared).toEqual([{ kid: key.kid, owner: 'TEST/GOV/1001/population', first: 'TEST/GOV/1000/mygov' }]);
  expect(sharedKeys(await documentsWith([ofKey(key)], [ofKey(generateSigningKey())]))).toEqual([]);
});

test('a certificate may stand for two: its holder says for which it asks', async () => {
  const certificate = { certificate: 'ab'.repeat(32), ...DATES };
  expect(sharedKeys(await documentsWith([certificate], [certificate]))).toEqual([]);
});
