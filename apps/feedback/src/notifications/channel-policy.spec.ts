import { describe, expect, it } from '@jest/globals';
import { suppressedWhy, type Wishes } from './channel-policy.js';
import { CATEGORIES, CHANNELS } from './notification.js';

const handle = 'h-1';
const waysOf = (wishes: Wishes | undefined) =>
  Object.fromEntries(
    CATEGORIES.map((category) => [
      category,
      CHANNELS.filter((channel) => suppressedWhy(category, channel, wishes) === undefined),
    ]),
  );

describe('which way a notification goes beside the inbox', () => {
  it('is none while the portal has given no handle', () => {
    expect(Object.values(waysOf(undefined)).flat()).toEqual([]);
    expect(suppressedWhy('action', 'push', undefined)).toBe('no-handle');
  });

  it('is push by default where something happened, and an SMS for security alone', () => {
    expect(waysOf({ handle, channels: {} })).toEqual({
      ...{ action: ['push'], progress: ['push'], decision: ['push'], information: [], security: ['push', 'sms'] },
    });
  });

  it('is what the person has chosen, by category', () => {
    const channels = { action: ['email', 'sms'], progress: [], information: ['email'] } as const;
    expect(waysOf({ handle, channels })).toMatchObject({
      ...{ action: ['email', 'sms'], progress: [], decision: ['push'], information: ['email'] },
    });
  });

  it('is never less than the default for security', () => {
    expect(waysOf({ handle, channels: { security: [] } })['security']).toEqual(['push', 'sms']);
    expect(waysOf({ handle, channels: { security: ['email'] } })['security']).toEqual(['push', 'email', 'sms']);
  });
});
