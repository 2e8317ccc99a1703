import { parseTarget } from '#access';
import type { SubsystemId } from '#kernel';
import type { ExchangeContext, ExchangeRequest, HeaderField } from '../exchange.js';

export const CONSUMER = 'TEST/GOV/1000/mygov' as SubsystemId;
export const PROVIDER = 'TEST/GOV/1001/population' as SubsystemId;

export interface RequestChanges {
  readonly consumer?: string;
  readonly service?: string;
  readonly method?: string;
  readonly path?: string;
  readonly headers?: readonly HeaderField[];
  readonly body?: Buffer;
  readonly context?: ExchangeContext;
}

/** A right request of the world's consumer, as the edge hands it over, and what a spec changes of it. */
export function buildRequest(changes: RequestChanges = {}): ExchangeRequest {
  const target = parseTarget(`/r1/${changes.service ?? `${PROVIDER}/persons`}${changes.path ?? '/TEST000001'}`);
  if (!target.ok) throw new TypeError(`the target of a test is wrong: ${target.reason}`);
  return {
    consumer: (changes.consumer ?? CONSUMER) as SubsystemId,
    method: changes.method ?? 'GET',
    target: target.value,
    headers: changes.headers ?? [{ name: 'X-Road-Client', value: CONSUMER }],
    body: changes.body ?? Buffer.alloc(0),
    xRoadId: 'TEST-1',
    generatedXRoadId: true,
    xRoadRequestId: crypto.randomUUID(),
    context: changes.context ?? {},
    receivedAtMs: Date.now(),
  };
}
