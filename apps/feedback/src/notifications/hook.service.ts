import type { JsonPosts } from './json-post.service.js';
import { hookTransmission, type Transmission } from './transmission.js';

export interface Hook {
  readonly url: string;
  readonly secret: string;
}

/** What a gateway of SMS or push messages is handed. */
export type HookMessage = { readonly id: string; readonly text: string } & (
  { readonly channel: 'sms'; readonly address: string } | { readonly channel: 'push'; readonly handle: string }
);

/**
 * Hands a message to whoever brings it to telephones. The id is the same with each attempt and stands in
 * `Idempotency-Key` too: a gateway that has seen it brings nothing a second time. Any 2xx is an acknowledgement.
 */
export async function callHook(posts: JsonPosts, hook: Hook, message: HookMessage): Promise<Transmission> {
  const headers = { authorization: `Bearer ${hook.secret}`, 'idempotency-key': message.id };
  const answer = await posts.post({ url: hook.url, body: message, headers });
  if ('status' in answer) return hookTransmission(answer.status);
  return answer.isSent ? { kind: 'unknown', why: 'hook-silent' } : { kind: 'again', why: 'hook-unreachable' };
}
