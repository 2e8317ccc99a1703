import { describe, expect, test } from '@jest/globals';
import type { SubsystemId } from '#kernel';
import type { Part } from './composition.js';
import { partCall, type Caller } from './part-call.js';

const caller: Caller = {
  consumer: "DEMO/GOV/1000/(odd)+name'=1" as SubsystemId,
  headers: [
    { name: 'X-Road-Client', value: 'DEMO/GOV/1000/somebody-else' },
    { name: 'x-road-userid', value: 'official-1' },
    { name: 'Traceparent', value: '00-1' },
    { name: 'Cookie', value: 'session' },
    { name: 'Authorization', value: 'Bearer x' },
    { name: 'Accept', value: 'text/html' },
  ],
  receivedAtMs: 0,
};
const part = (more: Partial<Part> = {}): Part => ({ name: 'a', target: '/r1/%C3%A4?x=%20', ...more });
const headersOf = (one: Part, context = {}) =>
  Object.fromEntries(
    partCall(one, { ...context, deadlineMs: 1_000, parts: [one] }, caller).head.headers.map(
      ({ name, value }) => [name, value] as const,
    ),
  );

describe('the call that a part makes', () => {
  test('keeps the raw target, is a GET unless it says else, and names the authenticated consumer', () => {
    const { head, body } = partCall(part(), { parts: [part()] }, caller);
    expect([head.method, head.target, body.length]).toEqual(['GET', '/r1/%C3%A4?x=%20', 0]);
    expect(head.headers[0]).toEqual({ name: 'X-Road-Client', value: "DEMO/GOV/1000/(odd)%2Bname'%3D1" });
    expect(head.headers.filter(({ name }) => name.toLowerCase() === 'x-road-client')).toHaveLength(1);
  });

  test('joins who acts and the trace, and nothing else of the request that brought it', () => {
    expect(headersOf(part())).toEqual({
      'X-Road-Client': expect.any(String),
      'x-road-userid': 'official-1',
      Traceparent: '00-1',
      'Kerege-Deadline': '900',
    });
    const headers = [{ name: 'X-Road-UserId', value: 'official-2' }];
    const own = headersOf(part({ headers }));
    expect([own['X-Road-UserId'], own['x-road-userid']]).toEqual(['official-2', undefined]);
  });

  test('has the context of the composition where the part has none of its own', () => {
    const shared = { subject: 'DEMO/PIN/TEST000001', purpose: 'citizen-view', legalBasis: 'LB', endUser: 'jwt' };
    expect(headersOf(part({ purpose: 'other', deadlineMs: 5, idempotencyKey: 'key' }), shared)).toMatchObject({
      'Kerege-Subject': 'DEMO/PIN/TEST000001',
      'Kerege-Purpose': 'other',
      'Kerege-Legal-Basis': 'LB',
      'Kerege-End-User': 'jwt',
      'Kerege-Deadline': '5',
      'Idempotency-Key': 'key',
    });
  });

  test('names the order that conceals it, and no order of another part or of the whole', () => {
    const order = 'A'.repeat(43);
    expect(headersOf(part({ concealment: order }))).toMatchObject({ 'Kerege-Concealment': order });
    const other = part({ name: 'b', concealment: order });
    const { head } = partCall(part(), { parts: [part(), other] }, caller);
    expect(head.headers.map(({ name }) => name)).not.toContain('Kerege-Concealment');
  });

  test('sends the body byte for byte, as JSON where it is text and nothing else is said', () => {
    const bodyOf = (more: Partial<Part>) => {
      const one = part({ method: 'POST', ...more });
      const { body, head } = partCall(one, { parts: [one] }, caller);
      return [body.toString('hex'), head.headers.find(({ name }) => name.toLowerCase() === 'content-type')?.value];
    };
    expect(bodyOf({ body: ' {"ä":1.0}' })).toEqual([Buffer.from(' {"ä":1.0}').toString('hex'), 'application/json']);
    expect(bodyOf({ body: 'AP8=', bodyEncoding: 'base64' })).toEqual(['00ff', undefined]);
    expect(bodyOf({ body: 'a', headers: [{ name: 'content-type', value: 'text/plain' }] })).toEqual([
      '61',
      'text/plain',
    ]);
    expect(bodyOf({})).toEqual(['', undefined]);
  });
});
