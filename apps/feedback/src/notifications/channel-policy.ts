import type { Category, Channel } from './notification.js';

/** What a person wishes, and by which name their portal knows where to reach them. */
export interface Wishes {
  /** Opaque; the portal alone can turn it into an address. */
  readonly handle: string;
  /** Per category the ways that are wanted, instead of the default. */
  readonly channels: Readonly<Partial<Record<Category, readonly Channel[]>>>;
}

/** Push is free and goes first; what is only good to know waits in the inbox; nothing that costs money is a default (E22). */
const DEFAULTS: Readonly<Record<Category, readonly Channel[]>> = {
  action: ['push'],
  progress: ['push'],
  decision: ['push'],
  information: [],
  security: ['push', 'sms'],
};

/**
 * Why a notification does not go that way; undefined: it goes. An SMS goes only where it was chosen for that category, or
 * for security, which nobody can opt out of.
 */
export function suppressedWhy(
  category: Category,
  channel: Channel,
  wishes: Wishes | undefined,
): 'no-handle' | 'not-wanted' | undefined {
  if (wishes === undefined) return 'no-handle';
  const wanted = wishes.channels[category] ?? DEFAULTS[category];
  const isForced = category === 'security' && DEFAULTS.security.includes(channel);
  return isForced || wanted.includes(channel) ? undefined : 'not-wanted';
}
