import { findSubject, findSubjectInAnswer, resolveSubject, type SubjectSources } from './subject.js';
import type { SubjectRule } from './view.js';

const rule = (from: SubjectRule['from']): SubjectRule => ({ type: 'PIN', country: 'DEMO', from });
const A = { country: 'DEMO', type: 'PIN', code: 'TEST000001' };
const B = { ...A, code: 'TEST000002' };
const json = { name: 'Content-Type', value: 'application/json; charset=utf-8' };

function sources(parts: Partial<Omit<SubjectSources, 'body'>> & { body?: string | Buffer }): SubjectSources {
  return { params: new Map(), query: undefined, headers: [], ...parts, body: Buffer.from(parts.body ?? '') };
}

describe('findSubject in the path', () => {
  const from = rule({ path: 'pin' });
  it.each([
    ['TEST000001', A],
    ['test000001', A],
  ])('reads %s', (pin, subject) => {
    expect(findSubject(from, sources({ params: new Map([['pin', pin]]) }))).toEqual({ ok: true, value: subject });
  });
  it.each(['TEST000001;x', 'TEST 1', 'TEST000001.', 'a/b', '\u017fEST', '*', 'x'.repeat(65)])('refuses %j', (pin) => {
    expect(findSubject(from, sources({ params: new Map([['pin', pin]]) }))).toEqual({
      ok: false,
      reason: 'subject-malformed',
    });
  });
  it('is missing where the endpoint has no such placeholder', () => {
    expect(findSubject(from, sources({}))).toEqual({ ok: false, reason: 'subject-missing' });
  });
});

describe('findSubject in the query', () => {
  const from = rule({ query: 'owner' });
  it.each(['owner=TEST000001', 'a=1&owner=TEST000001&b', '%6Fwner=%54EST000001', 'a&owner=test000001'])(
    'reads %s',
    (query) => {
      expect(findSubject(from, sources({ query }))).toEqual({ ok: true, value: A });
    },
  );
  it.each([
    ['', 'subject-missing'],
    ['owner', 'subject-missing'],
    ['owner=', 'subject-missing'],
    ['Owner=TEST000001', 'subject-missing'],
    ['owner[]=TEST000001', 'subject-missing'],
    ['owner=TEST000001&owner=TEST000002', 'subject-ambiguous'],
    ['owner=TEST000001&owner=TEST000001', 'subject-ambiguous'],
    ['owner=TEST000001&%6fwner=TEST000002', 'subject-ambiguous'],
    ['owner=TEST000001&OWNER=TEST000002', 'subject-ambiguous'],
    ['owner=TEST000001&owner[]=TEST000002', 'subject-ambiguous'],
    ['x=1;owner=TEST000002&owner=TEST000001', 'subject-ambiguous'],
    ['owner=TEST000001&%ff=1', 'subject-ambiguous'],
    ['owner=%ff', 'subject-malformed'],
    ['owner=TEST+1', 'subject-malformed'],
    ['owner=TEST000001=', 'subject-malformed'],
  ])('refuses %j as %s', (query, reason) => {
    expect(findSubject(from, sources({ query }))).toEqual({ ok: false, reason });
  });
});

describe('findSubject in a header', () => {
  const from = rule({ header: 'X-Person' });
  it('reads it whatever its case', () => {
    expect(findSubject(from, sources({ headers: [{ name: 'x-person', value: ' TEST000001 ' }] }))).toEqual({
      ok: true,
      value: A,
    });
  });
  it('refuses none and two', () => {
    const two = ['X-Person', 'x-PERSON'].map((name) => ({ name, value: 'TEST000001' }));
    expect(findSubject(from, sources({ headers: two }))).toEqual({ ok: false, reason: 'subject-ambiguous' });
    expect(findSubject(from, sources({}))).toEqual({ ok: false, reason: 'subject-missing' });
  });
});

describe('findSubject in a JSON body', () => {
  const from = rule({ body: '/who/pin' });
  it.each(['{"who":{"pin":"TEST000001"}}', '{"x":[{"pin":1},{"pin":2}],"who":{"a":"{\\"pin","pin":"test000001"}}'])(
    'reads %s',
    (body) => {
      expect(findSubject(from, sources({ headers: [json], body }))).toEqual({ ok: true, value: A });
    },
  );
  it.each([
    ['{"who":{"pin":"TEST000001","pin":"TEST000002"}}', 'subject-ambiguous'],
    ['{"who":{"pin":"TEST000001","p\\u0069n":"TEST000002"}}', 'subject-ambiguous'],
    ['{"who":{"pin":"TEST000001"},"who":{"pin":"TEST000002"}}', 'subject-ambiguous'],
    ['{"who":{"pin":"TEST000001","PIN":"TEST000002"}}', 'subject-ambiguous'],
    ['{"who":{"PIN":"TEST000001"}}', 'subject-missing'],
    ['{"who":{}}', 'subject-missing'],
    ['{"who":null}', 'subject-missing'],
    ['{"who":{"pin":1}}', 'subject-malformed'],
    ['{"who":{"pin":["TEST000001"]}}', 'subject-malformed'],
    ['{"who":', 'body-malformed'],
    ['', 'body-malformed'],
    ['\ufeff{"who":{"pin":"TEST000001"}}', 'body-malformed'],
  ])('refuses %j as %s', (body, reason) => {
    expect(findSubject(from, sources({ headers: [json], body }))).toEqual({ ok: false, reason });
  });
  it('refuses bytes that are no UTF-8', () => {
    const body = Buffer.concat([
      Buffer.from('{"x":"'),
      Buffer.from([0xc0, 0xaf]),
      Buffer.from('","who":{"pin":"TEST000001"}}'),
    ]);
    expect(findSubject(from, sources({ headers: [json], body }))).toEqual({ ok: false, reason: 'body-malformed' });
  });
  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=utf-16'])(
    'refuses %s',
    (value) => {
      const body = '{"who":{"pin":"TEST000001"}}';
      expect(findSubject(from, sources({ headers: [{ name: 'content-type', value }], body }))).toEqual({
        ok: false,
        reason: 'body-malformed',
      });
    },
  );
});

describe('where only the answer tells', () => {
  const from = rule({ answer: '/owner' });
  it('says so, and reads the answer', () => {
    expect(findSubject(from, sources({}))).toEqual({ ok: true, value: 'in-answer' });
    expect(findSubjectInAnswer(from, Buffer.from('{"owner":"TEST000001"}'))).toEqual({ ok: true, value: A });
    expect(findSubjectInAnswer(from, Buffer.from('{}'))).toEqual({ ok: false, reason: 'subject-missing' });
    expect(findSubjectInAnswer(rule({ path: 'pin' }), Buffer.from('{}'))).toEqual({
      ok: false,
      reason: 'subject-missing',
    });
  });
});

describe('resolveSubject', () => {
  const pin = sources({ params: new Map([['pin', 'TEST000001']]) });
  const byPath = rule({ path: 'pin' });
  it.each([
    ['rule alone', true, byPath, undefined, { ok: true, value: A }],
    ['rule and the same statement', true, byPath, A, { ok: true, value: A }],
    ['rule and another statement', true, byPath, B, { ok: false, reason: 'subject-mismatch' }],
    ['rule and another country', true, byPath, { ...A, country: 'KG' }, { ok: false, reason: 'subject-mismatch' }],
    ['statement alone', true, undefined, B, { ok: true, value: B }],
    ['neither, personal data', true, undefined, undefined, { ok: false, reason: 'subject-missing' }],
    ['neither, no personal data', false, undefined, undefined, { ok: true, value: undefined }],
    ['answer', true, rule({ answer: '/x' }), A, { ok: true, value: 'in-answer' }],
  ])('%s', (_name, personalData, subjectRule, stated, expected) => {
    expect(resolveSubject({ personalData }, subjectRule, pin, stated)).toEqual(expected);
  });
});
