import type { AskedState, Told, ToldAnswer } from './told.js';

/** One call that a consumer's system makes. */
export interface Order {
  readonly order: string;
  readonly consumer: string;
  readonly service: string;
  readonly purpose: string;
  readonly method: 'GET' | 'POST';
  /** What follows the service in the target. */
  readonly rest: string;
  readonly body?: object;
  readonly key?: string;
}

const PATIENCE_MS = 20_000;

/** Makes the call and notes what came of it; never rejects, for no answer is an answer too. */
export async function place(gatewayUrl: string, order: Order): Promise<Told> {
  const { consumer, service, method, key } = order;
  const sentMs = Date.now();
  const answer = await ask(gatewayUrl, order).catch((cause: unknown) => ({
    kind: 'nothing' as const,
    why: whyOf(cause),
  }));
  const isUnsafe = method !== 'GET';
  return { order: order.order, consumer, service, isUnsafe, key, sentMs, toldMs: Date.now(), answer };
}

async function ask(gatewayUrl: string, order: Order): Promise<ToldAnswer> {
  const { method, body, key } = order;
  const response = await fetch(`${gatewayUrl}/r1/${order.service}${order.rest}`, {
    method,
    headers: {
      Accept: 'application/problem+json',
      'X-Road-Client': order.consumer,
      'X-Road-Id': order.order,
      'Kerege-Purpose': order.purpose,
      ...(key === undefined ? {} : { 'Idempotency-Key': key }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  const exchangeId = response.headers.get('kerege-exchange-id') ?? undefined;
  // X-Road's own headers stand on answers of providers only.
  if (exchangeId !== undefined && response.headers.has('x-road-request-hash'))
    return { kind: 'answered', exchangeId, status: response.status, body: bytes };
  const problem = fieldsOf(bytes);
  return {
    kind: 'unanswered',
    exchangeId,
    status: response.status,
    code: text(problem['code']) ?? `status ${response.status}`,
    ended: text(problem['outcome']),
  };
}

/** How the gateway says that an exchange stands; undefined if it cannot say now. */
export async function askState(gatewayUrl: string, consumer: string, id: string): Promise<AskedState | undefined> {
  try {
    const response = await fetch(`${gatewayUrl}/v1/exchanges/${id}`, {
      headers: { 'X-Road-Client': consumer },
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const fields = fieldsOf(Buffer.from(await response.arrayBuffer()));
    if (response.status === 404) return { exchangeId: id, state: 'unknown', code: undefined };
    const state = STATES.find((name) => name === fields['state']);
    return state === undefined ? undefined : { exchangeId: id, state, code: text(fields['code']) };
  } catch {
    // Not there now: the caller asks again.
    return undefined;
  }
}

/** Evidence v1 of an exchange, as its consumer gets it; undefined while there is none. */
export async function fetchEvidence(gatewayUrl: string, consumer: string, id: string): Promise<Buffer | undefined> {
  try {
    const response = await fetch(`${gatewayUrl}/v1/exchanges/${id}/evidence`, {
      headers: { 'X-Road-Client': consumer },
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    return response.status === 200 ? bytes : undefined;
  } catch {
    // Not there now: the caller asks again.
    return undefined;
  }
}

const STATES = ['open', 'answered', 'refused', 'failed'] as const;

function fieldsOf(bytes: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    // No JSON: the status has to do.
    return {};
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The innermost code: `fetch` wraps what the socket said. Known by shape: in a spec its errors are of another realm. */
function whyOf(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null) return 'unknown';
  if ('cause' in cause && cause.cause !== undefined) return whyOf(cause.cause);
  const names = ['code' in cause ? cause.code : undefined, 'name' in cause ? cause.name : undefined];
  return names.map((name) => text(name)).find((name) => name !== undefined) ?? 'unknown';
}
