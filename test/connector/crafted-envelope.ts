import { parseSubsystemId } from '#kernel';
import type { World } from '#testing';
import { readEnvelope, type Envelope } from '../../apps/connector/src/dispatch/envelope.js';
import { craft, PROVIDER, type Mischief } from './evil-gateway.js';

/** A crafted request as the connector reads it from the topic. */
export async function craftEnvelope(world: World, mischief: Mischief): Promise<Envelope> {
  const provider = parseSubsystemId(PROVIDER);
  if (!provider.ok) throw new TypeError('the provider of the specs is no subsystem');
  const read = readEnvelope((await craft(world, mischief)).value, provider.value);
  if (!read.ok) throw new TypeError(`a crafted request does not read: ${read.reason}`);
  return read.value;
}
