import type { SubsystemId } from '#kernel';
import { encodeIdentifier } from '../consumer-auth/client-identifier.js';
import type { CallHead } from '../edge/call-head.js';
import type { HeaderField } from '../exchange/exchange.js';
import { partDeadlineMs, type Composition, type Part } from './composition.js';

/** Who asks for a composition. */
export interface Caller {
  readonly consumer: SubsystemId;
  /** Of the composition's own request, as they arrived. */
  readonly headers: readonly HeaderField[];
  readonly receivedAtMs: number;
}

export interface PartCall {
  readonly head: CallHead;
  readonly body: Buffer;
}

/** Said once for all parts: who acts on what matter, and the trace. A part may say otherwise. */
const SHARED: ReadonlySet<string> = new Set([
  'x-road-id',
  'x-road-userid',
  'x-road-issue',
  'x-road-represented-party',
  'traceparent',
  'tracestate',
]);

/**
 * A part as the call that its consumer would have made by itself, so that everything behind the edge's parsing treats it
 * as one: context as headers, `X-Road-Client` as authenticated and never as written.
 */
export function partCall(part: Part, composition: Composition, caller: Caller): PartCall {
  const { target, method = 'GET', headers: own = [] } = part;
  const names = new Set(own.map(({ name }) => name.toLowerCase()));
  const shared = caller.headers.filter(({ name }) => SHARED.has(name.toLowerCase()) && !names.has(name.toLowerCase()));
  const body = Buffer.from(part.body ?? '', part.bodyEncoding === 'base64' ? 'base64' : 'utf8');
  const isTyped = body.length === 0 || part.bodyEncoding === 'base64' || names.has('content-type');
  const headers = [
    { name: 'X-Road-Client', value: encodeIdentifier(caller.consumer) },
    ...shared,
    ...contextHeaders(part, composition),
    ...(isTyped ? [] : [{ name: 'Content-Type', value: 'application/json' }]),
    ...own,
  ];
  return { head: { method, target, headers }, body };
}

function contextHeaders(part: Part, composition: Composition): HeaderField[] {
  const said: readonly (readonly [name: string, value: string | undefined])[] = [
    ['Kerege-Subject', part.subject ?? composition.subject],
    ['Kerege-Purpose', part.purpose ?? composition.purpose],
    ['Kerege-Legal-Basis', part.legalBasis ?? composition.legalBasis],
    ['Kerege-End-User', part.endUser ?? composition.endUser],
    ['Kerege-Deadline', String(partDeadlineMs(composition, part))],
    ['Idempotency-Key', part.idempotencyKey],
    ['Kerege-Concealment', part.concealment],
  ];
  return said.flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
}
