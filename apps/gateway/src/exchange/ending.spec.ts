import { failureAtDeadline } from './ending.js';

describe('at the deadline', () => {
  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])(
    'a %s that was answered without a receipt must not be repeated',
    (method) => {
      expect(failureAtDeadline('answer-receipt', undefined, method)).toEqual({ code: 'outcome-unknown', side: 'bus' });
    },
  );

  it.each([
    ['GET', 'answer-receipt'],
    ['GET', 'request-receipt'],
    // No connector makes an unsafe call before the log has the request.
    ['POST', 'request-receipt'],
  ] as const)('a %s that lacks its %s may be tried again', (method, missing) => {
    expect(failureAtDeadline(missing, undefined, method)).toEqual({ code: 'no-receipt', side: 'bus' });
  });
});
