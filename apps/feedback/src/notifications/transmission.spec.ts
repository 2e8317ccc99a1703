import { describe, expect, it } from '@jest/globals';
import { CHANNELS } from './notification.js';
import { afterTransmission, hookTransmission, mailTransmission, type Transmission } from './transmission.js';

const rule = { giveUpMs: 1_000, pauseMs: (attempts: number) => attempts * 100 };
const states = (transmission: Transmission, ageMs: number) =>
  CHANNELS.map((channel) => afterTransmission(channel, transmission, { attempts: 50, ageMs }, rule).state);

describe('what becomes of a delivery', () => {
  it.each<[Transmission, number, string[]]>([
    [{ kind: 'taken' }, 1, ['SENT', 'SENT', 'SENT']],
    [{ kind: 'again', why: 'x' }, 999, ['WAITING', 'WAITING', 'WAITING']],
    [{ kind: 'again', why: 'x' }, 1_000, ['FAILED', 'FAILED', 'FAILED']],
    [{ kind: 'refused', why: 'x' }, 1, ['FAILED', 'FAILED', 'FAILED']],
    // push, e-mail, SMS: only the first is repeated where it may have arrived.
    [{ kind: 'unknown', why: 'x' }, 1, ['WAITING', 'UNCERTAIN', 'UNCERTAIN']],
    [{ kind: 'unknown', why: 'x' }, 1_000, ['FAILED', 'UNCERTAIN', 'UNCERTAIN']],
    [{ kind: 'nowhere', why: 'x' }, 1, ['SUPPRESSED', 'SUPPRESSED', 'SUPPRESSED']],
  ])('after %j, %i ms old, however many attempts there were', (transmission, ageMs, expected) => {
    expect(states(transmission, ageMs)).toEqual(expected);
  });

  it('waits longer after each failure, but no longer than it may', () => {
    const pauseMs = (attempts: number, ageMs: number) =>
      afterTransmission('push', { kind: 'again', why: 'x' }, { attempts, ageMs }, rule).pauseMs;
    expect([pauseMs(1, 0), pauseMs(2, 100), pauseMs(3, 950)]).toEqual([100, 200, 50]);
  });
});

describe('what an answer means', () => {
  it.each([
    [200, 'taken'],
    [204, 'taken'],
    [302, 'again'],
    [400, 'refused'],
    [401, 'refused'],
    [429, 'again'],
    [500, 'unknown'],
    [501, 'again'],
    [502, 'unknown'],
    [503, 'again'],
    [504, 'unknown'],
    [520, 'unknown'],
  ])('of a hook: %i', (status, kind) => {
    expect(hookTransmission(status).kind).toBe(kind);
  });

  it.each<[number | undefined, boolean, string]>([
    [undefined, false, 'again'],
    [undefined, true, 'unknown'],
    [450, false, 'again'],
    [451, true, 'again'],
    [550, false, 'refused'],
    [554, true, 'refused'],
  ])('of a mail server: %s, begun %s', (code, isBegun, kind) => {
    expect(mailTransmission(code, isBegun).kind).toBe(kind);
  });
});
