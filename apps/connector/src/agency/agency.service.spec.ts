import { describe, expect, it } from '@jest/globals';
import { parseServiceId, type ServiceId } from '#kernel';
import { fakeClock } from '#testing';
import { AgencyService } from './agency.service.js';

function service(): ServiceId {
  const id = parseServiceId('TEST/GOV/1/a/b');
  if (!id.ok) throw new TypeError('the service of this spec is none');
  return id.value;
}

describe('an agency', () => {
  it('is not called at its deadline, and its breaker hears nothing of it', async () => {
    const limits = { maxBodyBytes: 1, connections: 1, connectTimeoutMs: 1, breakerResetMs: 1, breakerVolume: 1 };
    const clock = fakeClock();
    // Nobody listens there: a call that was tried would say so.
    const agencies = new AgencyService(new Map([[service(), new URL('http://127.0.0.1:1')]]), limits, clock);
    const call = {
      service: service(),
      method: 'POST',
      path: '/',
      query: undefined,
      headers: [],
      body: Buffer.alloc(0),
    };
    const answer = await agencies.call({ ...call, deadlineMs: clock.now() });
    expect(answer).toEqual({ ok: false, reason: { why: 'agency-timeout', sent: false } });
    expect(agencies.openBreakers()).toBe(0);
    await agencies.close();
  });
});
