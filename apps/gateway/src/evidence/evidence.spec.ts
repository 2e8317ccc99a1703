import { expect, test } from '@jest/globals';
import { memberDigest } from '#snapshot';
import { serialiseEvidence, sortMembers, type Evidence } from './evidence.js';

const evidence: Evidence = {
  statements: [{ jws: 'a.b.c', proof: 'p', governing: 0 }],
  manifests: [{ index: 1, jws: 'm', proof: 'q', digests: 'd' }],
  members: [{ id: 'TEST/GOV/1', document: 'x', keyChain: ['k'] }],
  salt: 's',
  openings: [{ kind: 'subject', statement: 0, index: 0, r: 'r', country: 'TEST', type: 'PIN', code: 'T1' }],
  request: { method: 'GET', target: '/r1/x', headers: [['A', 'b']], bodySha512: null },
  answer: { status: 200, headers: [['C', 'd']], bodySha512: 'z' },
};

test('an evidence document has one spelling, to the byte', () => {
  expect(serialiseEvidence(evidence)).toBe(
    '{"v":1,"statements":[{"jws":"a.b.c","proof":"p","governing":0}],' +
      '"manifests":[{"index":1,"jws":"m","proof":"q","digests":"d"}],' +
      '"members":[{"id":"TEST/GOV/1","document":"x","keyChain":["k"]}],"salt":"s",' +
      '"openings":[{"kind":"subject","statement":0,"index":0,"r":"r","country":"TEST","type":"PIN","code":"T1"}],' +
      '"request":{"method":"GET","target":"/r1/x","headers":[["A","b"]],"bodySha512":null},' +
      '"answer":{"status":200,"headers":[["C","d"]],"bodySha512":"z"}}',
  );
});

test('what its parts carry beside never gets into it, whatever their order', () => {
  const shuffled = {
    ...evidence,
    secret: 1,
    statements: evidence.statements.map(({ jws, proof, governing }) => ({ governing, extra: 1, proof, jws })),
    request: { bodySha512: null, extra: 1, headers: evidence.request.headers, target: '/r1/x', method: 'GET' },
  };
  expect(serialiseEvidence(shuffled)).toBe(serialiseEvidence(evidence));
  expect(serialiseEvidence({ ...evidence, answer: null })).toMatch(/"answer":null}$/);
});

test('members stand once per version, by id and then by digest', () => {
  const members = ['b', 'a', 'b', 'c'].map((document) => ({ id: 'TEST/GOV/2', document, keyChain: ['k'] }));
  const other = { id: 'TEST/GOV/1', document: 'z', keyChain: ['k'] };
  const sorted = sortMembers([...members, other]);
  expect(sorted[0]).toBe(other);
  expect(sorted).toHaveLength(4);
  const digests = sorted.slice(1).map(memberDigest);
  expect(digests).toEqual([...digests].sort());
});
